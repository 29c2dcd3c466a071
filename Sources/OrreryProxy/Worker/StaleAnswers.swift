internal import OrreryCrypto
internal import OrreryWire

/// The last good answers of the hub to `GET /hub/api/user`, by the token that asked.
///
/// Every notebook server asks so who its visitor is. It believes a 403 for five minutes and shows nothing while the hub
/// is away, so for some minutes of the hub's absence it is told what it was told before. Bounded in number, bytes and age;
/// tokens themselves are not kept.
struct StaleAnswers {
    /// A token and the host whose hub was asked, so that nobody can get at it from here: HMAC-SHA-256 under a key of this process.
    typealias Key = [UInt8]

    struct Entry {
        let body: [UInt8]
        let type: [UInt8]
        /// When the hub said so, on the clock that never goes back.
        let moment: UInt64
        /// The hash of the login that the token came from; 0 for none.
        let session: UInt64
        var size: Int { body.count + type.count + 128 }
    }

    /// A question that is being answered.
    struct Question {
        let key: Key
        /// What the answer is and how long, once its head has come and it may be kept.
        var type: [UInt8]?
        var length = 0
        var body: [UInt8] = []
    }

    /// By client. Empty nearly always, which is all that any other request looks at.
    var questions: [UInt32: Question] = [:]
    private var entries: [Key: Entry] = [:]
    /// Keys in the order in which they came.
    private var order: [Key] = []
    private var bytes = 0
    private let limits: Limits

    struct Limits {
        var count = 4096
        var bytes = 4 << 20
        var bodyBytes = 64 << 10
        var age: Duration = .seconds(600)
    }

    init(limits: Limits = Limits()) { self.limits = limits }

    private static let secret = RandomToken.bytes(32)

    /// `host` is empty where there is one hub for all.
    static func key(of credential: Span<UInt8>, at host: Span<UInt8>) -> Key {
        let host = (0..<host.count).map { host[$0].lowercased }
        // No line end is in either.
        return Digest.sha256.code(of: (0..<credential.count).map { credential[$0] } + [10] + host, key: secret)
    }

    var count: Int { entries.count }

    /// The longest body that is kept.
    var bodyLimit: Int { limits.bodyBytes }

    /// What was last said to this token, if that is not too long ago and its login has not ended since.
    func answer(to key: Key, at now: UInt64, _ logouts: LogoutList) -> Entry? {
        guard let entry = entries[key], now - entry.moment <= limits.age.milliseconds else { return nil }
        return entry.session != 0 && logouts.contains(entry.session) ? nil : entry
    }

    mutating func keep(_ entry: Entry, for key: Key) {
        forget(key)
        entries[key] = entry
        order.append(key)
        bytes += entry.size
        var first = 0
        while entries.count > limits.count || bytes > limits.bytes {
            forget(order[first])
            first += 1
        }
        // Those that were forgotten or said anew stand in it too.
        if first > 0 || order.count > limits.count * 2 {
            var seen: Set<Key> = []
            order = order[first...].reversed().filter { entries[$0] != nil && seen.insert($0).inserted }.reversed()
        }
    }

    /// Forgets what was said to logins that have ended: the list of them is shorter than our memory.
    mutating func forget(_ logouts: LogoutList) {
        for (key, entry) in entries where logouts.contains(entry.session) { forget(key) }
    }

    mutating func forget(_ key: Key) {
        if let entry = entries.removeValue(forKey: key) { bytes -= entry.size }
    }
}

extension StaleAnswers.Entry {
    /// Takes the login from the answer's own words, `"session_id": "…"`.
    init(body: [UInt8], type: [UInt8], at moment: UInt64) {
        self.body = body
        self.type = type
        self.moment = moment
        session = Self.session(in: body)
    }

    private static func session(in body: [UInt8]) -> UInt64 {
        let name = Array("\"session_id\"".utf8)
        guard let found = body.firstRange(of: name) else { return 0 }
        let rest = body[found.upperBound...].drop { $0 == 32 || $0 == UInt8(ascii: ":") }
        guard rest.first == UInt8(ascii: "\"") else { return 0 }
        return PrefixHash.of(rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") })
    }
}
