import Foundation
import OrreryModel
import OrreryStore

/// Makes, shows and revokes the tokens that people have for their programs.
struct TokenDesk: Sendable {
    let tokens: Tokens
    let store: any TokenStore
    let persons: any PersonStore
    let logins: Logins
    let limits: HubConfiguration.TokenLimits
    let audit: AuditLog
    let now: @Sendable () -> Date

    /// Whom a token of `person` speaks for: the person without the groups that one login raised. Throws where such a group is all
    /// that lets them in, since a program cannot show what a login did.
    func speaker(for person: PersonRecord) async throws -> PersonRecord {
        guard let stored = try await persons.person(id: person.id), try await logins.admitsPrograms(of: stored) else {
            throw HubError(
                .forbidden, "no program can speak for you: you are here by a group that this login alone has",
                next: "do it at the browser")
        }
        return stored
    }

    /// A token for `caller`, never for more than the caller may do and programs may, and never for longer than the caller may call.
    func make(_ wish: TokenWish, by caller: Caller) async throws -> (secret: Secret, record: TokenRecord) {
        let speaker = try await speaker(for: caller.person)
        let lasting = Scopes.ofPerson(named: caller.name, isAdmin: speaker.isAdmin)
        let scopes = try scopes(wish, of: caller, within: lasting)
        let end = try end(wish, caller)
        return try await make(scopes, until: end, note: wish.note, for: speaker, with: caller.token)
    }

    /// A token for `person` with `scopes`, which somebody has checked; with the usual life unless told otherwise. It ends
    /// with the token `parent` at the latest.
    func make(
        _ scopes: [String], until end: Date? = nil, note: String, for person: PersonRecord,
        with parent: TokenRecord? = nil
    ) async throws -> (secret: Secret, record: TokenRecord) {
        let made = try await tokens.issuePersonal(
            to: person.id, scopes: scopes, note: note, until: end ?? now() + limits.usual.seconds,
            madeWith: parent?.id)
        await audit.record(AuditAct(.tokenMade, of: person, to: made.record.id, because: note))
        return made
    }

    /// Those of `person` that have not ended, the newest first.
    func all(of person: PersonRecord) async throws -> [TokenRecord] {
        try await store.tokens(person: person.id, at: now())
    }

    /// Ends the token `id` of `person` and those that were made with it. Throws when the person has none of that id.
    func revoke(_ id: String, of person: PersonRecord) async throws {
        _ = try await token(id, of: person)
        _ = try await store.removeToken(id: id)
        await audit.record(AuditAct(.tokenRevoked, of: person, to: id))
    }

    /// Ends `token`, for whoever has it. One that a person did not make is left alone: it ends with its server or login.
    func revoke(token: String) async throws {
        guard let record = try await tokens.record(of: token), record.kind == .personal,
            try await store.removeToken(id: record.id)
        else { return }
        let person = try await persons.person(id: record.person)
        await audit.record(AuditAct(.tokenRevoked, of: person, to: record.id))
    }

    func token(_ id: String, of person: PersonRecord) async throws -> TokenRecord {
        guard let token = try await all(of: person).first(where: { $0.id == id }) else {
            throw HubError(.notFound, "\(person.person.name) has no token \(id), or not any more")
        }
        return token
    }

    private func scopes(
        _ wish: TokenWish, of caller: Caller, within lasting: Scopes
    ) throws(HubError) -> [String] {
        let scopes = caller.scopes.within(lasting)
        guard let wanted = wish.scopes else { return scopes.own(of: caller.name) }
        guard !wanted.isEmpty else {
            throw HubError(
                .badRequest, "a token without rights opens nothing",
                next: "name at least one, or leave `scopes` out for everything of your own")
        }
        let unknown = wanted.filter { Scope.named(String($0.prefix { $0 != "!" })) == nil }
        guard unknown.isEmpty else {
            throw HubError(.badRequest, "there is no such right: \(unknown.sorted().joined(separator: ", "))")
        }
        let excess = wanted.filter { !scopes.covers($0) }
        guard excess.isEmpty else {
            throw HubError(
                .badRequest,
                "a token cannot have what its maker may not do: \(excess.sorted().joined(separator: ", "))",
                next: "write right!user=\(caller.name) for what is your own")
        }
        return wanted
    }

    private func end(_ wish: TokenWish, _ caller: Caller) throws(HubError) -> Date {
        let life = wish.life ?? limits.usual
        guard life > .zero, life <= limits.max else {
            throw HubError(
                .badRequest, "a token lives from one second to \(limits.max.components.seconds) seconds here",
                next: "ask for a shorter life, and make another one when it has ended")
        }
        let end = now() + life.seconds
        // Otherwise whoever finds a token could go on for ever with ever new ones.
        return min(end, caller.token?.expiresAt ?? end)
    }
}
