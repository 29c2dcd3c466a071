internal import OrreryCrypto
internal import OrreryLink
internal import OrreryModel

/// One line of a hub's feed, understood. `docs/hub-api.md` has the table of them.
struct FeedLine: Equatable {
    enum Content: Equatable {
        /// The first line of an answer: where what follows begins, and whether it is everything.
        case head(FeedPosition, isSnapshot: Bool)
        case set(key: String, route: [String: JSON])
        case remove(key: String)
        case logouts([String], seconds: UInt64)
        case gate(JSON)
        case agent(AgentEntry)
        case strike(KeyID, reason: String)
        case tell(KeyID, ControlFrame)
        /// Where agents may dial, and by which keys they know whom they find there.
        case peers([String], pins: [String])
        /// The last line of a snapshot.
        case end(UInt64)
        case alive
        /// A kind that a newer hub knows.
        case unknown(String)
    }

    let content: Content
    /// The number of the change that it is; nil for what is no change.
    let number: UInt64?

    init(_ content: Content, number: UInt64? = nil) {
        self.content = content
        self.number = number
    }

    init(_ bytes: [UInt8]) throws(FeedFault) {
        let value: JSON
        do {
            value = try JSON(strict: bytes)
        } catch {
            throw .unreadable("\(error)")
        }
        guard let members = value.object else { throw .unreadable("not a JSON object") }
        let number = try Self.number(members["number"])
        if let epoch = members["epoch"] {
            guard let epoch = epoch.string, !epoch.isEmpty, epoch.utf8.count <= 200, let number,
                let isSnapshot = members["snapshot"]?.bool
            else { throw .unreadable("a head needs epoch, number and snapshot") }
            self.init(.head(FeedPosition(epoch: epoch, number: number), isSnapshot: isSnapshot))
        } else {
            self.init(try Self.content(members), number: number)
        }
    }

    private static func content(_ members: [String: JSON]) throws(FeedFault) -> Content {
        if let key = members["set"] {
            guard let key = key.string, let route = members["route"]?.object else {
                throw .unreadable("set needs a prefix, and route an object")
            }
            return .set(key: key, route: route)
        }
        if let key = members["remove"] {
            guard let key = key.string else { throw .unreadable("remove needs a prefix") }
            return .remove(key: key)
        }
        if let listed = members["logouts"] { return try logouts(listed, members["seconds"]) }
        if let gate = members["gate"] { return .gate(gate) }
        if let content = try agents(members) { return content }
        if let listed = members["peers"] { return try peers(listed, members["pins"]) }
        if let end = members["end"] {
            guard let number = try number(end) else { throw .unreadable("end needs a number") }
            return .end(number)
        }
        if members["alive"] != nil { return .alive }
        guard let name = members.keys.filter({ $0 != "number" }).min() else { throw .unreadable("an empty object") }
        return .unknown(String(name.prefix(40)))
    }

    /// What is said about agents' keys.
    private static func agents(_ members: [String: JSON]) throws(FeedFault) -> Content? {
        if members["agent"] != nil {
            guard let entry = AgentEntry(members) else {
                throw .unreadable("agent needs a key's id, cluster a name and uid a text")
            }
            return .agent(entry)
        }
        if let key = members["strike"] {
            guard let key = key.string.flatMap({ KeyID($0) }) else { throw .unreadable("strike needs a key's id") }
            return .strike(key, reason: String((members["reason"]?.string ?? "the hub has ended it").prefix(1000)))
        }
        guard let key = members["tell"] else { return nil }
        guard let key = key.string.flatMap({ KeyID($0) }),
            let frame = members["frame"].flatMap({ try? ControlFrame($0) })
        else { throw .unreadable("tell needs a key's id, and frame an object with a type") }
        return .tell(key, frame)
    }

    private static func peers(_ listed: JSON, _ pins: JSON?) throws(FeedFault) -> Content {
        guard let addresses = listed.array?.map(\.string), let pins = pins?.array?.map(\.string),
            !addresses.contains(nil), !pins.contains(nil)
        else { throw .unreadable("peers and pins are texts") }
        return .peers(addresses.compactMap(\.self), pins: pins.compactMap(\.self))
    }

    private static func logouts(_ value: JSON, _ seconds: JSON?) throws(FeedFault) -> Content {
        let sessions = value.array?.compactMap(\.string) ?? []
        guard let listed = value.array, sessions.count == listed.count, !sessions.contains(""),
            let seconds = seconds?.integer, (1...86_400).contains(seconds)
        else { throw .unreadable("logouts are texts, with seconds up to a day") }
        return .logouts(sessions, seconds: UInt64(seconds))
    }

    private static func number(_ value: JSON?) throws(FeedFault) -> UInt64? {
        guard let value else { return nil }
        guard let number = value.integer, number >= 0 else { throw .unreadable("a number is a whole one from 0 on") }
        return UInt64(number)
    }
}

/// Why a feed cannot be followed any further as it is. All but the last are the hub's doing.
enum FeedFault: Error, Equatable, CustomStringConvertible {
    case unreadable(String)
    case tooLong
    /// The hub has left out a change, or counts anew.
    case gap(expected: UInt64, found: UInt64)
    case outOfPlace(String)
    case tooManyRoutes(Int)
    case tooManyAgents(Int)

    var description: String {
        switch self {
        case .unreadable(let reason): reason
        case .tooLong: "longer than \(LineBuffer.limit) bytes"
        case .gap(let expected, let found): "change \(found) where \(expected) was due"
        case .outOfPlace(let kind): "\(kind) out of its place"
        case .tooManyRoutes(let limit): "more than \(limit) routes"
        case .tooManyAgents(let limit): "more than \(limit) agents"
        }
    }
}
