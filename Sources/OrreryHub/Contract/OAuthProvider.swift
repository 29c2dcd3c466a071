import Foundation
import OrreryCrypto
import OrreryModel
import OrreryStore

/// The OAuth 2 provider towards single-user servers (RFC 6749 4.1 with RFC 7636): each session is a client, its API
/// token is the client secret, its callback is the one redirect address. PKCE with S256 is required.
struct OAuthProvider: Sendable {
    let sessions: any SessionStore
    let persons: any PersonStore
    let logins: any LoginStore
    let codes: any TokenStore
    let tokens: Tokens
    let now: @Sendable () -> Date

    /// What the browser is told in answer to an authorization request.
    enum Decision: Sendable {
        /// Go there: the callback, with a code or with the error that the contract names.
        case redirect(String)
        /// This person may not open that server.
        case foreign(owner: String)
    }

    /// Decides about the request in `fields` for `visitor`. Throws for a client or an address that is not known: then
    /// nobody may be redirected anywhere (RFC 6749 4.1.2.1).
    func authorize(_ fields: FormFields, for visitor: Visitor) async throws -> Decision {
        guard let id = fields["client_id"], let session = try await session(client: id) else {
            throw HubError(
                .badRequest, "this server does not run, or not any more", next: "start it from your home page")
        }
        let callback = OAuthClient.redirectURI(of: session)
        guard fields["redirect_uri"] == callback else {
            throw HubError(.badRequest, "the address to return to is not the one of this server")
        }
        guard visitor.person.id == session.person else { return .foreign(owner: session.personName) }
        let state = fields["state"].map { [("state", $0)] } ?? []
        if let error = Self.flaw(in: fields) {
            return .redirect("\(callback)?\(FormFields.encode([("error", error)] + state))")
        }
        let code = try await issueCode(for: visitor, at: session, challenge: fields["code_challenge"] ?? "")
        return .redirect("\(callback)?\(FormFields.encode([("code", code)] + state))")
    }

    /// The error of RFC 6749 4.1.2.1 that a request deserves, if any.
    private static func flaw(in fields: FormFields) -> String? {
        guard fields["response_type"] == "code" else { return "unsupported_response_type" }
        // RFC 7636 4.2: 43 characters of base64url are a SHA-256.
        guard fields["code_challenge_method"] == "S256", fields["code_challenge"]?.utf8.count == 43 else {
            return "invalid_request"
        }
        return nil
    }

    private func issueCode(for visitor: Visitor, at session: SessionRecord, challenge: String) async throws -> String {
        let code = RandomToken.make(bytes: 24)
        let name = visitor.person.person.name
        try await codes.insert(
            CodeRecord(
                hash: Fingerprint.of(code), client: OAuthClient.id(of: session), person: visitor.person.id,
                sid: visitor.login.sid, redirectURI: OAuthClient.redirectURI(of: session), challenge: challenge,
                scopes: Scopes.ofVisit(to: session.server, of: session.personName, by: name),
                expiresAt: now() + 300))
        return code
    }

    /// What a token request gets (RFC 6749 5.1 and 5.2).
    enum Exchange: Sendable {
        case granted(token: Secret, until: Date, scopes: [String])
        case refused(Refused)
    }

    enum Refused: String, Sendable {
        case unsupportedGrantType = "unsupported_grant_type"
        case invalidRequest = "invalid_request"
        case invalidClient = "invalid_client"
        case invalidGrant = "invalid_grant"
    }

    /// Exchanges a code for a token. A code that was shown is used up, whatever comes of it: whoever shows it a second
    /// time, or without the right verifier, is not the one it was made for. What was given for it the first time ends then
    /// (RFC 6749 4.1.2).
    func exchange(_ fields: FormFields) async throws -> Exchange {
        guard fields["grant_type"] == "authorization_code" else { return .refused(.unsupportedGrantType) }
        guard let text = fields["code"] else { return .refused(.invalidRequest) }
        let code = try await codes.takeCode(hash: Fingerprint.of(text), at: now())
        guard let id = fields["client_id"], let session = try await client(id, secret: fields["client_secret"]) else {
            return .refused(.invalidClient)
        }
        guard let verifier = fields["code_verifier"] else { return .refused(.invalidRequest) }
        guard let code, code.client == id, code.redirectURI == fields["redirect_uri"],
            code.challenge == ProofKey.challenge(of: verifier)
        else { return .refused(.invalidGrant) }
        let open = try await logins.logins(person: code.person, at: now())
        guard let login = open.first(where: { $0.sid == code.sid }) else { return .refused(.invalidGrant) }
        do throws(StoreError) {
            let visit = try await tokens.issueVisit(code, of: login, to: session)
            return .granted(token: visit.secret, until: visit.end, scopes: code.scopes)
        } catch {
            guard error.contested == .code else { throw error }
            return .refused(.invalidGrant)
        }
    }

    /// The session behind a client id and the secret that its pod was given.
    private func client(_ id: String, secret: String?) async throws -> SessionRecord? {
        guard let secret, let session = try await session(client: id),
            let record = try await tokens.record(of: secret), record.kind == .server, record.session == session.id
        else { return nil }
        return session
    }

    private func session(client id: String) async throws -> SessionRecord? {
        guard let (name, server) = OAuthClient.parse(id), let owner = try await persons.person(named: name) else {
            return nil
        }
        return try await sessions.active(person: owner.id).first { $0.server == server }
    }
}
