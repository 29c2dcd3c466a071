import Foundation
import OrreryCrypto
import OrreryIdentity
import OrreryLink
import OrreryModel
import OrreryStore

/// What an administrator wants a join token to be good for.
package struct InviteWish: Sendable {
    /// The group that will own the cluster.
    package var owner: String?
    package var name: String?
    package var life: Duration
    package var uses: Int64

    package init(owner: String? = nil, name: String? = nil, life: Duration = .seconds(86400), uses: Int64 = 1) {
        (self.owner, self.name, self.life, self.uses) = (owner, name, life, uses)
    }
}

// Tokens that let clusters in.
extension ClusterDesk {
    /// A join string with a new token, which nobody can read again.
    func joinString(_ wish: InviteWish, pins: [String] = [], by chief: ClusterChief) async throws -> JoinString {
        let place = try await address(pins: pins)
        let (token, _) = try await invite(wish, by: chief)
        return JoinString(host: place.host, port: place.port, token: token, pins: place.pins)
    }

    /// A join string without a token, for clusters that are claimed, or let in by what they are. Without `pins` it names those
    /// keys of proxies that are known.
    func address(pins: [String] = []) async throws -> JoinString {
        var digests: [[UInt8]] = []
        let known = pins.isEmpty ? try await store.pins(since: now() - Database.pinMemory) : pins
        for pin in known {
            guard let digest = JoinString.pin(pin) else {
                throw HubError(.badRequest, "`\(pin)` is no pin", next: "write sha256: and the digest in base64")
            }
            digests.append(digest)
        }
        guard !digests.isEmpty || url.isSecure else {
            throw HubError(
                .unavailable, "without https agents know a proxy by its key alone, and none has told its key yet",
                next: "wait until a proxy follows the hub, or give its key with --pin")
        }
        let written = url.port.dropFirst()
        guard let port = UInt16(written.isEmpty ? (url.isSecure ? "443" : "80") : written) else {
            throw HubError(.cannotStart, "the port of `url` is none")
        }
        return JoinString(host: url.host, port: port, pins: digests)
    }

    /// The tokens that are still good, the newest first.
    func invites(for chief: ClusterChief) async throws -> [InviteRecord] {
        try Self.mayInvite(chief)
        return try await store.invites(at: now()).reversed()
    }

    /// Makes a token good for nothing. What has joined with it stays.
    func withdraw(_ invite: String, by chief: ClusterChief) async throws {
        try Self.mayInvite(chief)
        guard try await store.removeInvite(invite) else {
            throw HubError(
                .notFound, "there is no join string \(invite) any more",
                next: "it was used up, has ended or was revoked")
        }
        await audit.record(
            AuditAct(.clusterChanged, of: chief.person, to: "join token \(invite)", because: "revoked")
                .ordered(by: chief))
        try await audit.settle()
    }

    private static func mayInvite(_ chief: ClusterChief) throws(HubError) {
        guard chief.isAdmin else { throw HubError(.forbidden, "that is for administrators of this hub") }
    }

    /// A new join token, which nobody can read again.
    func invite(_ wish: InviteWish, by chief: ClusterChief) async throws -> (token: JoinToken, record: InviteRecord) {
        try check(wish, by: chief)
        for _ in 1...3 {
            guard let token = JoinToken("\(Self.letters(6)).\(Self.letters(16))") else { continue }
            let record = InviteRecord(
                id: token.id, secretHash: Self.hash(token), owner: wish.owner, name: wish.name, madeBy: chief.name,
                uses: wish.uses, createdAt: now(), expiresAt: now() + wish.life.seconds)
            guard try await insert(record) else { continue }
            await audit.record(
                AuditAct(
                    .clusterChanged, of: chief.person, to: "join token \(token.id)",
                    because: "made for \(wish.uses) clusters until \(Moment(record.expiresAt).text)"
                ).ordered(by: chief))
            try await audit.settle()
            return (token, record)
        }
        throw HubError(.unavailable, "no token could be made", next: "try again")
    }

    /// False when its id is another one's.
    private func insert(_ record: InviteRecord) async throws(StoreError) -> Bool {
        do { try await store.insert(record) } catch {
            guard error.contested == .invite else { throw error }
            return false
        }
        return true
    }

    private func check(_ wish: InviteWish, by chief: ClusterChief) throws(HubError) {
        try Self.mayInvite(chief)
        if let owner = wish.owner { try check(group: owner) }
        if let name = wish.name { try Self.check(name) }
        guard (1...1000).contains(wish.uses), wish.life >= .seconds(60), wish.life <= .seconds(90 * 86400) else {
            throw HubError(
                .unprocessable, "a join token is good for a minute to 90 days, and for 1 to 1000 clusters")
        }
        guard admission.rules.contains(where: { $0.test == .token && $0.decision != .deny }) else {
            throw HubError(
                .conflict, "the rules of admission take no tokens", next: "put `{rule: token}` into `admission`")
        }
    }

    /// What is stored of a token's secret part.
    static func hash(_ token: JoinToken) -> [UInt8] { Fingerprint.of("join\n\(token.reveal())") }

    /// Refuses a name that no cluster may have.
    static func check(_ name: String) throws(HubError) {
        guard ClusterName.isGood(name) else {
            throw HubError(
                .unprocessable, "`\(name)` is no name for a cluster",
                next: "take small letters, digits and hyphens, 32 at most, a letter first")
        }
    }

    /// So many characters of `a-z0-9`, each as likely as any other.
    private static func letters(_ count: Int) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        var letters: [UInt8] = []
        while letters.count < count {
            // 252 is the largest multiple of 36 that a byte can have.
            letters += RandomToken.bytes(32).filter { $0 < 252 }.map { alphabet[Int($0) % alphabet.count] }
        }
        return String(decoding: letters.prefix(count), as: UTF8.self)
    }
}
