import HTTPTypes
import Hummingbird
import Logging
import OrreryModel
import OrreryStore

/// Where a person ends the own login, also one that was idle for too long: what was opened with it is open still.
struct LogoutRoutes: Sendable {
    let gate: Gate
    let farewell: Farewell
    let departure: Departure
    let audit: AuditLog

    func add(to router: Router<HubContext>) {
        router.post("hub/logout", use: logout)
        router.get("hub/logout", use: offer)
    }

    @Sendable func logout(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request, sending: try await request.form(), evenIdle: true) else {
            return goodbye()
        }
        return try await end(visitor, context)
    }

    /// JupyterLab's logout comes here with GET. A browser that says it comes from our own site is believed; from anywhere
    /// else a person is asked first, so that a picture on another page cannot log anybody out.
    @Sendable func offer(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request, evenIdle: true) else { return goodbye() }
        if request.headers[.fetchSite] == "same-origin" { return try await end(visitor, context) }
        return .redirect(to: HomeRoutes.leaving)
    }

    /// The own login first, whatever becomes of the rest.
    private func end(_ visitor: Visitor, _ context: HubContext) async throws -> Response {
        let hint = await departure.hint(of: visitor.login)
        try await farewell.end(visitor.login)
        await audit.record(AuditAct(.logout, of: visitor.person))
        context.logger.notice("person logged out", metadata: ["person": "\(visitor.person.person.name)"])
        return goodbye(try await departure.leave(visitor.login, hint: hint))
    }

    private func goodbye(_ next: Departure.Step? = nil) -> Response {
        let page = LogoutPage(loginHref: "/hub/login", issuer: next?.title, issuerHref: next?.url).html()
        let response = next.map { .page(page, goingOnTo: $0.url) } ?? Response.page(page)
        return response.setting(cookies: gate.cookies.cleared)
    }
}
