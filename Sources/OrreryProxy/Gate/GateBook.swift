internal import OrreryCrypto
internal import Synchronization

/// What the hub has said about the gate at one moment.
final class GateSettings: Sendable {
    let keys: GateKeys
    /// Where somebody gets a ticket: the hub's page for that, without a query.
    let login: String
    /// The site is reached over TLS, whoever ends it, so its cookies may have the names that are safe.
    let isSecure: Bool

    /// Nil unless `login` is an address of `http` or `https` that a query can be put behind.
    init?(keys: GateKeys, login: String) {
        let isPlain = login.utf8.allSatisfy { byte in
            byte > 32 && byte < 127 && !"\"#<>?\\^`{|}".utf8.contains(byte)
        }
        guard isPlain, login.utf8.count <= 512 else { return nil }
        isSecure = login.hasPrefix("https://")
        let rest = login.dropFirst(isSecure ? 8 : 7)
        guard isSecure || login.hasPrefix("http://"), let first = rest.first, first != "/" else { return nil }
        self.keys = keys
        self.login = login
    }
}

/// The keys of the gate and the place of its login, as the hub sets them and the workers see them.
///
/// Concurrency: any thread may call anything.
final class GateBook: Sendable {
    private let settings = Mutex<GateSettings?>(nil)
    private let version = Atomic<UInt64>(1)

    var currentVersion: UInt64 { version.load(ordering: .acquiring) }
    /// Nil until the hub has given keys: then nobody passes.
    func snapshot() -> GateSettings? { settings.withLock { $0 } }

    /// In force with the next request of every worker. False, and nothing is changed, when `login` cannot be one.
    func set(keys: GateKeys, login: String) -> Bool {
        guard let fresh = GateSettings(keys: keys, login: login) else { return false }
        let isChanged = settings.withLock { settings in
            guard settings?.keys != keys || settings?.login != login else { return false }
            settings = fresh
            return true
        }
        // The same again costs the workers nothing.
        if isChanged { version.wrappingAdd(1, ordering: .releasing) }
        return true
    }
}
