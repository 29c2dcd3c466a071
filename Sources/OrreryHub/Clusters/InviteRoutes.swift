import HTTPTypes
import Hummingbird
import OrreryLink
import OrreryModel
import OrreryStore

/// `/hub/invites`, where administrators make join strings for sites, and see and revoke those that are open.
struct InviteRoutes: Sendable {
    let gate: Gate
    let desk: ClusterDesk

    static let path = "/hub/invites"

    func add(to router: Router<HubContext>) {
        router.get("hub/invites", use: show)
        router.post("hub/invites", use: make)
        router.post("hub/invites/:id/revoke", use: revoke)
    }

    @Sendable func show(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: Self.path) }
        return .page(try await page(for: visitor).html())
    }

    /// Answers with the page that has the new string, and never leads anywhere: what is shown once is in no address.
    @Sendable func make(_ request: Request, _ context: HubContext) async throws -> Response {
        let form = try await request.form()
        guard let visitor = try await gate.visitor(request, sending: form) else {
            return gate.login(returningTo: Self.path)
        }
        do {
            let line = try await desk.joinString(try wish(form), by: ClusterChief(visitor.person))
            return .page(try await page(for: visitor, made: line.reveal()).html())
        } catch let error as HubError where error.kind != .forbidden {
            let notice = Notice(kind: .failure, text: error.message, next: error.next)
            return .page(
                try await page(for: visitor, notices: [notice]).html(), status: .init(code: error.kind.rawValue))
        }
    }

    private func wish(_ form: FormFields) throws(HubError) -> InviteWish {
        guard let life = form["life"].flatMap({ Int64($0) }), let uses = form.text("uses").flatMap({ Int64($0) }) else {
            throw HubError(.unprocessable, "for how long and for how many clusters must be said in whole numbers")
        }
        return InviteWish(
            owner: form.text("owner"), name: form.text("name"), life: .seconds(min(max(life, 0), 1 << 40)), uses: uses)
    }

    @Sendable func revoke(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request, sending: try await request.form()) else {
            return gate.login(returningTo: Self.path)
        }
        try await desk.withdraw(try context.name("id"), by: ClusterChief(visitor.person))
        return .redirect(to: Self.path)
    }

    private func page(
        for visitor: Visitor, notices: [Notice] = [], made: String? = nil
    ) async throws -> InvitePage {
        let invites = try await desk.invites(for: ClusterChief(visitor.person))
        return InvitePage(
            frame: Frame(visitor), notices: notices, made: made, invites: invites.map { InviteView($0) },
            lives: InviteLife.choices)
    }
}

extension InviteView {
    init(_ invite: InviteRecord) {
        let uses = invite.uses == 1 ? "for one cluster" : "for \(invite.uses) clusters"
        self.init(
            id: invite.id,
            facts: [uses]
                + [invite.name.map { "called \($0)" }, invite.owner.map { "owner \($0)" }].compactMap(\.self),
            maker: invite.madeBy, made: Moment(invite.createdAt), ends: Moment(invite.expiresAt),
            revokeAction: "\(InviteRoutes.path)/\(invite.id)/revoke")
    }
}

/// For how long a join string may be good.
private enum InviteLife {
    static var choices: [Choice] {
        [3600, 86400, 7 * 86400, 30 * 86400, 90 * 86400].map { seconds in
            Choice(value: "\(seconds)", title: TokenLife.words(.seconds(seconds)), isSelected: seconds == 86400)
        }
    }
}
