import HTTPTypes
import Hummingbird
import Logging
import OrreryCrypto
import OrreryIdentity
import OrreryModel
import OrreryStore

/// The login page, the way to each issuer, and one address per issuer for the way back.
struct LoginRoutes: Sendable {
    let flow: LoginFlow
    let gate: Gate
    let issuers: any LoginIssuers
    let limits: HubConfiguration.SessionLimits

    func add(to router: Router<HubContext>) {
        router.get("hub/login", use: choose)
        router.get("hub/login/:issuer", use: leave)
        router.get("hub/callback/:issuer", use: arrive)
    }

    @Sendable func choose(_ request: Request, _ context: HubContext) async throws -> Response {
        let next = ReturnPath(request.fields["next"]) ?? .home
        guard try await gate.visitor(request) == nil else { return .redirect(to: next.text) }
        let query = FormFields.encode([("next", next.text)])
        let choices = await issuers.choices().map { issuer in
            LoginChoice(
                title: issuer.title,
                href: issuer.refusal == nil ? "/hub/login/\(issuer.label.escapedForContract)?\(query)" : nil,
                unavailable: issuer.refusal?.withoutFullStop)
        }
        return .page(LoginPage(issuers: choices).html())
    }

    /// Any number of tabs may leave one after the other: the browser keeps one cookie, every tab its own state.
    @Sendable func leave(_ request: Request, _ context: HubContext) async throws -> Response {
        let next = ReturnPath(request.fields["next"]) ?? .home
        let issuer = try context.name("issuer")
        let browser = Self.browser(of: request, gate.cookies)
        let url = try await flow.begin(
            at: issuer, browser: browser, from: context.client, next: next, raising: request.fields["raise"])
        return Response.redirect(to: url)
            .setting(cookies: [gate.cookies.setBrowser(browser, lasting: LoginFlow.patience)])
    }

    @Sendable func arrive(_ request: Request, _ context: HubContext) async throws -> Response {
        let issuer = try context.name("issuer")
        // One that was idle for too long ends as well: no browser would know of it any more.
        let earlier = try await gate.visitor(request, evenIdle: true)?.login
        let arrival = try await flow.finish(
            at: issuer, browser: Self.name(in: request.cookie(gate.cookies.browser)), query: request.fields,
            by: try await gate.visitor(request), after: earlier)
        guard let entry = arrival.entry else { return .redirect(to: arrival.next.text) }
        await flow.audit.record(AuditAct(.login, of: entry.person, to: issuer))
        context.logger.notice(
            "person logged in", metadata: ["person": "\(entry.person.person.name)", "issuer": "\(issuer)"])
        return Response.redirect(to: arrival.next.text)
            .setting(cookies: [
                gate.cookies.setLogin(entry.cookie, lasting: limits.max),
                gate.cookies.setServer(entry.login.sid, lasting: limits.max),
            ])
    }

    /// The name of the browser that sends `request`; a new one when it has none.
    static func browser(of request: Request, _ cookies: CookieNames) -> String {
        name(in: request.cookie(cookies.browser)) ?? RandomToken.make(bytes: 32)
    }

    /// The name of a browser, if that is what the hub put into `cookie`; anything else is somebody's attempt to have one
    /// that others know.
    private static func name(in cookie: String?) -> String? {
        cookie?.wholeMatch(of: /[A-Za-z0-9_-]{43}/) == nil ? nil : cookie
    }
}
