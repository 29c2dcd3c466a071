import Hummingbird

/// Where the proxy sends people who have no ticket for what they open.
struct GateRoutes: Sendable {
    let gate: Gate
    let tickets: GateTickets
    let url: PublicURL
    let domain: String?

    func add(to router: Router<HubContext>) { router.get("hub/gate", use: enter) }

    @Sendable func enter(_ request: Request, _ context: HubContext) async throws -> Response {
        let fields = request.fields
        guard let destination = GateDestination(fields["next"], of: url, domain: domain), let mark = fields["state"],
            mark.wholeMatch(of: /[A-Za-z0-9_-]{43}/) != nil
        else {
            throw HubError(
                .badRequest, "this link does not lead to a page of this site", next: "open the page again and retry")
        }
        guard let visitor = try await gate.visitor(request) else {
            let way = FormFields.encode([("next", destination.origin + destination.path.text), ("state", mark)])
            return gate.login(returningTo: "/hub/gate?" + way)
        }
        guard let entry = try await tickets.entry(for: visitor, to: destination.authority, browser: mark) else {
            throw HubError(.forbidden, "this login is about to end", next: "log out, log in and open the page again")
        }
        return .redirect(to: destination.entrance(with: entry))
    }
}
