import Foundation
import HTTPTypes
import Hummingbird
import OrreryCrypto
import OrreryModel
import OrreryStore

/// Who is it that sends a request, and what may they do.
struct Gate: Sendable {
    let logins: Logins
    let tokens: Tokens
    let persons: any PersonStore
    let sessions: any SessionStore
    let cookies: CookieNames
    let url: PublicURL

    /// The person at this browser; nil when nobody is logged in there.
    func visitor(_ request: Request) async throws -> Visitor? {
        guard let cookie = request.cookie(cookies.login) else { return nil }
        return try await logins.visitor(cookie: cookie)
    }

    /// The person at this browser whose form this is. Throws unless the form comes from one of our pages.
    func visitor(_ request: Request, sending form: FormFields) async throws -> Visitor? {
        guard let visitor = try await visitor(request) else { return nil }
        try checkOrigin(request)
        guard let proof = form["_xsrf"], proof.equalsInConstantTime(visitor.proof) else {
            throw HubError(
                .forbidden, "this form is out of date or came from another site", next: "open the page again and retry")
        }
        guard form.isUnambiguous else {
            throw HubError(
                .badRequest, "this form is damaged: a field is repeated or broken",
                next: "open the page again and retry")
        }
        return visitor
    }

    /// Who calls the API: by a token, or by the cookie of a browser. Nil means certainly nobody.
    func caller(_ request: Request) async throws -> Caller? {
        if request.headers[.authorization] != nil {
            guard let token = request.bearer else { return nil }
            return try await caller(token: token)
        }
        guard let visitor = try await visitor(request) else { return nil }
        if request.method != .get && request.method != .head {
            try checkOrigin(request)
            let proof = request.headers[.formProof] ?? request.fields["_xsrf"]
            guard let proof, proof.equalsInConstantTime(visitor.proof) else {
                throw HubError(.forbidden, "a call with a login's cookie must carry its X-XSRFToken")
            }
        }
        return Caller(visitor: visitor)
    }

    /// The caller, or the contract's answer to nobody.
    func requireCaller(_ request: Request) async throws -> Caller {
        guard let caller = try await caller(request) else {
            throw HubError(.forbidden, "no valid token or login came with this request")
        }
        return caller
    }

    /// Sends the browser to the login, from where it returns to `target`.
    func login(returningTo target: String) -> Response {
        .redirect(to: "/hub/login?" + FormFields.encode([("next", target)]))
    }

    private func caller(token: String) async throws -> Caller? {
        guard let record = try await tokens.record(of: token),
            let person = try await persons.person(id: record.person), logins.admits(person)
        else { return nil }
        if let id = record.session {
            // A token is worth no more than the session it was made for.
            guard let session = try await sessions.session(id: id), session.state != .ended else { return nil }
        }
        return Caller(person: person, token: record)
    }

    // A browser says where a form comes from; a program that sends no Origin still has to know the proof.
    private func checkOrigin(_ request: Request) throws(HubError) {
        guard let origin = request.headers[.origin] else { return }
        guard origin == url.origin else {
            throw HubError(.forbidden, "this request came from another site", detail: "origin \(origin)")
        }
    }
}

/// Somebody who calls the API, with the rights of the call.
struct Caller: Sendable {
    let person: PersonRecord
    let scopes: Scopes
    /// Nil for a browser's cookie.
    let token: TokenRecord?
    /// The login through which the rights came, if one did.
    let sid: String?

    var name: String { person.person.name }

    init(visitor: Visitor) {
        person = visitor.person
        scopes = .ofPerson(named: visitor.person.person.name, isAdmin: visitor.person.isAdmin)
        token = nil
        sid = visitor.login.sid
    }

    init(person: PersonRecord, token: TokenRecord) {
        self.person = person
        scopes = Scopes(token.scopes)
        self.token = token
        sid = token.sid
    }

    /// Throws the contract's refusal unless `scope` is granted for `user`, or for that user's `server`.
    func require(_ scope: String, user: String, server: String? = nil) throws(HubError) {
        guard scopes.allow(scope, user: user, server: server) else {
            throw HubError(
                .forbidden, "this needs the right \(scope) for \(user), which the token or login does not carry")
        }
    }
}
