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
    let sessions: any SessionStore
    let bearers: Bearers
    /// When tokens were last used.
    let uses: ActivityLedger
    let cookies: CookieNames
    let url: PublicURL

    /// The person at this browser; nil when nobody is logged in there. `evenIdle` is for ending what was idle for too long.
    func visitor(_ request: Request, evenIdle: Bool = false) async throws -> Visitor? {
        guard let cookie = request.cookie(cookies.login) else { return nil }
        return try await logins.visitor(cookie: cookie, evenIdle: evenIdle)
    }

    /// The person at this browser whose form this is. Throws unless the form comes from one of our pages.
    func visitor(_ request: Request, sending form: FormFields, evenIdle: Bool = false) async throws -> Visitor? {
        guard let visitor = try await visitor(request, evenIdle: evenIdle) else { return nil }
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

    /// Sends the browser to the login, from where it returns to `target`.
    func login(returningTo target: String) -> Response {
        .redirect(to: "/hub/login?" + FormFields.encode([("next", target)]))
    }

    // A browser says where a form comes from; a program that sends no Origin still has to know the proof.
    func checkOrigin(_ request: Request) throws(HubError) {
        guard let origin = request.headers[.origin] else { return }
        guard origin == url.origin else {
            throw HubError(.forbidden, "this request came from another site", detail: "origin \(origin)")
        }
    }
}
