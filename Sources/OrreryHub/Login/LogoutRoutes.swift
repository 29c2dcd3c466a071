import HTTPTypes
import Hummingbird
import Logging
import OrreryModel
import OrreryStore

/// Ends a login: in the store, in the tokens that servers hold for it, and in the proxy, so that the old cookies open
/// nothing. Sessions go on running.
struct LogoutRoutes: Sendable {
    let gate: Gate
    let tokens: any TokenStore
    let proxy: ProxyBook

    func add(to router: Router<HubContext>) {
        router.post("hub/logout", use: logout)
        router.get("hub/logout", use: offer)
    }

    @Sendable func logout(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request, sending: try await request.form()) else { return goodbye() }
        return try await end(visitor, context)
    }

    /// JupyterLab's logout comes here with GET. A browser that says it comes from our own site is believed; from anywhere
    /// else a person is asked first, so that a picture on another page cannot log anybody out.
    @Sendable func offer(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else { return goodbye() }
        if request.headers[.fetchSite] == "same-origin" { return try await end(visitor, context) }
        return .redirect(to: HomeRoutes.leaving)
    }

    private func end(_ visitor: Visitor, _ context: HubContext) async throws -> Response {
        let sid = visitor.login.sid
        // Before and after: the first so that a failure leaves a login that can be ended again, the second for a token
        // that was granted in between.
        _ = try await tokens.removeTokens(sid: sid)
        _ = try await gate.logins.close(visitor.login)
        _ = try await tokens.removeTokens(sid: sid)
        await proxy.refuse(sid: sid)
        context.logger.notice("person logged out", metadata: ["person": "\(visitor.person.person.name)"])
        return goodbye()
    }

    private func goodbye() -> Response {
        Response.page(LogoutPage(loginHref: "/hub/login").html()).setting(cookies: gate.cookies.cleared)
    }
}
