import Foundation
import OrreryCrypto
import OrreryModel
import OrreryStore

/// The device flow (RFC 8628): a program on a machine without a browser gets a token once its person has let it in at another
/// machine's browser. Nothing is given to whoever merely knows the code that the person types.
struct DeviceDesk: Sendable {
    let store: any DeviceStore
    let persons: any PersonStore
    let logins: Logins
    let tokens: TokenDesk
    let now: @Sendable () -> Date
    /// How often codes may be wrong, by person.
    let guesses: FailureLimit

    /// How long a program waits for its person.
    static let patience = Duration.seconds(600)
    /// Seconds between two of its questions, and how many more for one that comes too soon (RFC 8628 3.5).
    static let pause: Int64 = 5
    /// How many programs of one address may wait; of more the oldest are forgotten, so that nobody keeps others out.
    static let most = 1000
    /// And how many at all.
    static let mostAltogether = 20_000
    /// The one program that is known here. It is public: what it has is the person's word.
    static let client = "orrery"
    /// What a program gets that does not say what it wants.
    static let usualRights = ["servers", "read:users"]

    init(
        store: any DeviceStore, persons: any PersonStore, logins: Logins, tokens: TokenDesk,
        now: @escaping @Sendable () -> Date
    ) {
        (self.store, self.persons, self.logins, self.tokens, self.now) = (store, persons, logins, tokens, now)
        guesses = FailureLimit(burst: 10, interval: .seconds(60), now: now)
    }

    /// A program that begins to wait.
    struct Start: Sendable {
        let deviceCode: Secret
        let userCode: UserCode
    }

    /// Lets a program wait that came from `address`, says that it runs on `host` and asks for `rights`.
    func begin(rights: [String], host: String, from address: ClientAddress) async throws -> Start {
        for _ in 1...3 {
            if let start = try await begin(rights, host, address) { return start }
        }
        throw HubError(.unavailable, "no code is free now", next: "try again in a moment")
    }

    /// Nil when the code is another program's.
    private func begin(_ rights: [String], _ host: String, _ address: ClientAddress) async throws -> Start? {
        let start = Start(deviceCode: Secret(RandomToken.make()), userCode: UserCode())
        let record = DeviceRecord(
            deviceHash: Fingerprint.of(start.deviceCode.reveal()), userHash: start.userCode.hash, host: host,
            address: address.description, rights: rights, pause: Self.pause, createdAt: now(),
            expiresAt: now() + Self.patience.seconds)
        do throws(StoreError) {
            try await store.insert(record, most: Self.most, altogether: Self.mostAltogether)
            return start
        } catch {
            guard error.contested == .userCode else { throw error }
            return nil
        }
    }

    /// The program that waits with what `visitor` typed. Throws when there is none; whoever is wrong too often waits.
    func waiting(_ typed: String, for visitor: Visitor) async throws -> (UserCode, DeviceRecord) {
        let person = "person \(visitor.person.id)"
        if let wait = guesses.wait(person) {
            throw HubError.tooMany(retryAfter: wait, "too many codes were wrong")
        }
        guard let code = UserCode(typed), let device = try await store.device(userHash: code.hash, at: now()) else {
            guesses.record(person)
            throw HubError(
                .notFound, "no program waits with this code",
                next: "compare it with what your program shows, or let it begin again")
        }
        return (code, device)
    }

    /// Decides for `visitor` about `device`. Throws when it does not wait any more.
    func decide(_ state: DeviceRecord.State, about device: DeviceRecord, by visitor: Visitor) async throws {
        guard try await store.decide(state, userHash: device.userHash, person: visitor.person.id, at: now()) else {
            throw HubError(.conflict, "the program does not wait any more", next: "let it begin again")
        }
        await tokens.audit.record(
            AuditAct(
                state == .allowed ? .programAllowed : .programDenied, of: visitor.person,
                because: "on \(device.host), which asked from \(device.address)"))
    }

    /// What a program is told that asks with `deviceCode`.
    enum Answer: Sendable {
        case granted(token: Secret, TokenRecord)
        /// A code of RFC 8628 3.5 or RFC 6749 5.2, and what a person can make of it.
        case refused(String, because: String? = nil)
    }

    func ask(_ deviceCode: String) async throws -> Answer {
        guard deviceCode.utf8.count <= 128,
            let answer = try await store.ask(
                deviceHash: Fingerprint.of(deviceCode), more: Self.pause, at: now())
        else { return .refused("invalid_grant") }
        switch answer {
        case .waiting: return .refused("authorization_pending")
        case .tooSoon: return .refused("slow_down")
        case .denied: return .refused("access_denied")
        case .expired: return .refused("expired_token")
        case .allowed(let device): return try await give(device)
        }
    }

    /// Somebody who was suspended in the meantime, or has left every group that may enter, lets nothing in.
    private func give(_ device: DeviceRecord) async throws -> Answer {
        guard let id = device.person, let person = try await persons.person(id: id),
            try await logins.admitsPrograms(of: person)
        else { return .refused("access_denied") }
        let name = person.person.name
        let own = Scopes.ofPerson(named: name, isAdmin: person.isAdmin)
        let scopes = device.rights.map { "\($0)!user=\(name)" }.filter(own.covers)
        guard !scopes.isEmpty else { return .refused("invalid_scope") }
        do {
            let made = try await tokens.make(scopes, note: "orrery login on \(device.host)", for: person)
            return .granted(token: made.secret, made.record)
        } catch let error as StoreError where error.contested == .tokens {
            return .refused("access_denied", because: "\(error)")
        }
    }
}
