internal import OrreryModel
internal import OrreryWire

/// A route that somebody asks for, understood: the REST interface, the hub's feed, or the file on disk.
struct RouteSetting: Sendable {
    let key: RouteKey
    let target: Target
    /// Nil while the target's name has no address.
    let address: SocketAddress?
    /// The names of those who may pass the gate; empty when nobody is asked.
    let access: [String]
    /// The members of its JSON object as they were given, without braces and without `last_activity`.
    let members: [UInt8]
    /// When it was last used, if whoever asks for it knows.
    var lastUse: UInt64?

    /// Why an object is no route, as whoever sent it is told.
    enum Fault: Error, Equatable, CustomStringConvertible {
        case noTarget, badAccess
        case badTarget(Target.Fault)

        var description: String {
            switch self {
            case .noTarget: "Must specify 'target' as string"
            case .badTarget(let fault): "Not a target: \(fault)"
            case .badAccess:
                "'access' is a list of names, at least one and 64 KiB together at most, or absent when everybody may pass"
            }
        }
    }

    /// The route at `key` that `object` describes. `resolve` finds the address of its target, and may block for that.
    init(
        _ key: RouteKey, _ object: [String: JSON], resolve: (Target) -> SocketAddress? = { NameLookup.address(of: $0) }
    ) throws(Fault) {
        guard let text = object["target"]?.string else { throw .noTarget }
        let target: Target
        do throws(Target.Fault) {
            target = try Target(reading: text)
        } catch {
            throw .badTarget(error)
        }
        guard let access = Self.access(object["access"]) else { throw .badAccess }
        var kept = object
        kept["last_activity"] = nil
        self.key = key
        self.target = target
        self.access = access
        address = resolve(target)
        members = JSONText.members(kept)
        if let text = object["last_activity"]?.string, let stamp = Timestamp(text) {
            lastUse = UInt64(max(0, stamp.milliseconds))
        }
    }

    /// A route that leads to `target`, spelled `text`, and says nothing else.
    init(_ key: RouteKey, to target: Target, text: String) {
        let members = JSONText.members(["target": .string(text)])
        self.init(key, to: target, address: NameLookup.address(of: target), members: members)
    }

    init(_ key: RouteKey, to target: Target, address: SocketAddress?, access: [String] = [], members: [UInt8]) {
        self.key = key
        self.target = target
        self.address = address
        self.access = access
        self.members = members
    }

    /// The names in the member `access`. Empty when it is absent, and nil when it makes no sense: a list of nobody too,
    /// since whoever wrote it did not mean everybody.
    private static func access(_ value: JSON?) -> [String]? {
        guard let value, value != .null else { return [] }
        guard let listed = value.array, !listed.isEmpty else { return nil }
        let names = listed.compactMap(\.string)
        guard names.count == listed.count, names.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(where: { $0 < 32 }) }),
            names.reduce(0, { $0 + $1.utf8.count + 1 }) <= 64 << 10
        else { return nil }
        return names
    }
}

/// One change of the routes.
enum RouteChange: Sendable {
    case set(RouteSetting)
    case remove(RouteKey)

    var key: RouteKey {
        switch self {
        case .set(let setting): setting.key
        case .remove(let key): key
        }
    }
}

/// How far a hub's feed has been followed: the change with this number, of those that this hub counts since `epoch`.
struct FeedPosition: Hashable, Sendable {
    var epoch: String
    var number: UInt64
}
