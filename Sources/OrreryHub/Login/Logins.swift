import Foundation
import OrreryCrypto
import OrreryModel
import OrreryStore

/// Logins of browsers: 32 random bytes in a cookie, their SHA-256 in the store, an end by idleness and by age.
struct Logins: Sendable {
    let store: any LoginStore
    let persons: any PersonStore
    let credentials: any CredentialStore
    let auth: HubConfiguration.Auth
    let now: @Sendable () -> Date

    /// Logs `person` in: the new cookie, and what is stored for it. The cookie of the person's login `earlier` at this browser opens
    /// nothing any more (fixation), but open notebooks go on under its name for single-user servers. The groups of `raised`
    /// hold for this login only. `origin` vouches for it, and wants to see `hint` again at the logout.
    func open(
        _ person: PersonRecord, raised: [LoginRecord.Raised] = [], from origin: LoginRecord.Origin? = nil,
        hint: [UInt8]? = nil, after earlier: LoginRecord? = nil
    ) async throws(StoreError) -> (cookie: String, login: LoginRecord) {
        // First, because no two logins share a name. Of several tabs that come back at once one gets that of the login before.
        let sid = if let earlier { try await close(earlier)?.sid } else { String?.none }
        let cookie = RandomToken.make(bytes: 32)
        let start = now()
        let login = LoginRecord(
            hash: Fingerprint.of(cookie), person: person.id, sid: sid ?? Self.sid(), raised: raised, origin: origin,
            createdAt: start,
            expiresAt: min(start + auth.session.max.seconds, admission(person, raised)), lastSeen: start)
        try await store.insert(login, hint: hint)
        return (cookie, login)
    }

    /// Who sends `cookie`; nil when nobody does any more: the login ended, was idle for too long, or its person is
    /// suspended, denied or gone. With `evenIdle` whose login was idle for too long is found as well: only to end it.
    func visitor(cookie: String, evenIdle: Bool = false) async throws(StoreError) -> Visitor? {
        let instant = now()
        guard cookie.utf8.count <= 128,
            let login = try await store.login(hash: Fingerprint.of(cookie), at: instant),
            let person = try await persons.person(id: login.person), admits(person)
        else { return nil }
        let isIdle = isIdle(since: login.lastSeen, at: instant)
        guard evenIdle || !isIdle else { return nil }
        // Once a minute is enough to tell idle from busy, and keeps page views from writing. What was idle for too long stays so.
        if instant > login.lastSeen + 60, !isIdle { try await store.touchLogins([(login.hash, instant)]) }
        return Visitor(
            person: person.raised(by: login, at: instant, admin: auth.admin), login: login,
            proof: Self.proof(of: cookie))
    }

    /// Whether a browser that was last seen at `seen` counts as idle. Its login opens no page any more then, and what it has opened of
    /// servers goes on until the login ends.
    func isIdle(since seen: Date, at instant: Date) -> Bool { instant >= seen + auth.session.idle.seconds }

    /// Whether a group of `person`, or one that `login` raises, may enter.
    func isAdmitted(_ person: PersonRecord, by login: LoginRecord, at instant: Date) -> Bool {
        person.raised(by: login, at: instant, admin: []).person.groups.contains { auth.allow.contains($0.name) }
    }

    /// When nothing admits `person` any more: who enters through a group that ends leaves with it.
    private func admission(_ person: PersonRecord, _ raised: [LoginRecord.Raised]) -> Date {
        guard !person.person.groups.contains(where: { auth.allow.contains($0.name) }) else { return .distantFuture }
        return raised.filter { auth.allow.contains($0.group.name) }.map { $0.until ?? .distantFuture }.max()
            ?? .distantFuture
    }

    /// Whether what `person` has open may go on: logins, and tokens that were given before.
    func admits(_ person: PersonRecord) -> Bool { !person.isSuspended && !auth.denies(person.person) }

    /// Whether programs may speak for `person`: as above, the groups as last read may enter, and that was no longer ago than a
    /// login lasts. A group that one login raised is not among them.
    func admitsPrograms(of person: PersonRecord) async throws(StoreError) -> Bool {
        guard admits(person), person.person.groups.contains(where: { auth.allow.contains($0.name) }) else {
            return false
        }
        let (now, most) = (now(), auth.session.max.seconds)
        // Who has logged in lately need not be looked for.
        guard now > person.lastLogin + most else { return true }
        guard let checked = try await credentials.latestCredential(person: person.id)?.checkedAt else { return false }
        return now <= checked + most
    }

    /// Ends the login of `cookie`; what it was, or nil when it had ended.
    func close(_ login: LoginRecord) async throws(StoreError) -> LoginRecord? {
        try await store.removeLogin(hash: login.hash)
    }

    /// What a form must carry to be one of ours: bound to the cookie, which other sites and scripts cannot read, and
    /// useless for finding it.
    static func proof(of cookie: String) -> String { Base64URL.encode(Fingerprint.of("form\n\(cookie)")) }

    /// 32 hexadecimal digits, as single-user servers know it.
    private static func sid() -> String {
        UUID().uuidString.lowercased().filter { $0 != "-" }
    }
}

extension Duration {
    /// In seconds, for arithmetic with dates.
    var seconds: TimeInterval { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
