import Foundation
import HTTPTypes
import Hummingbird
import OrreryModel
import OrreryStore

/// The pages of clusters: for administrators all of them and those that ask to join, for others those that their groups own.
struct ClusterRoutes: Sendable {
    let gate: Gate
    let registry: ClusterRegistry
    let desk: ClusterDesk
    let keeper: ClusterKeeper

    static let path = "/hub/clusters"

    static func path(of cluster: String) -> String { "\(path)/\(FormFields.encode(cluster))" }

    func add(to router: Router<HubContext>) {
        router.get("hub/clusters", use: list)
        router.get("hub/clusters/:cluster", use: show)
        router.post("hub/clusters/:cluster", use: order)
        router.post("hub/joins/:key", use: decide)
    }

    @Sendable func list(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: Self.path) }
        await registry.refresh()
        let chief = ClusterChief(visitor.person)
        let lines = registry.records.filter(chief.mayLookAfter).map { record in
            let health = keeper.health(of: record)
            return ClusterLine(
                name: record.name, title: record.title, href: Self.path(of: record.name),
                state: ClusterStateView(health.state), facets: record.chips(registry.written), reasons: health.reasons)
        }
        let waiting = chief.isAdmin ? try await desk.store.joins(at: desk.now()).filter { $0.state == .waiting } : []
        return .page(
            ClustersPage(frame: Frame(visitor), clusters: lines, waiting: waiting.map { WaitingView($0) }).html())
    }

    @Sendable func show(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: request.target) }
        await registry.refresh()
        let chief = ClusterChief(visitor.person)
        return .page(page(try record(context, for: chief), for: visitor, chief).html())
    }

    /// Of a cluster that one does not look after nobody says whether it is there.
    private func record(_ context: HubContext, for chief: ClusterChief) throws(HubError) -> ClusterRecord {
        guard let record = registry.record(try context.name("cluster")), chief.mayLookAfter(record) else {
            throw HubError(.notFound, "there is no such cluster that you look after")
        }
        return record
    }

    @Sendable func order(_ request: Request, _ context: HubContext) async throws -> Response {
        let form = try await request.form()
        guard let visitor = try await gate.visitor(request, sending: form) else {
            return gate.login(returningTo: Self.path)
        }
        await registry.refresh()
        let chief = ClusterChief(visitor.person)
        let record = try record(context, for: chief)
        let reason = String((form["reason"] ?? "").prefix(200))
        try await desk.order(try orders(form), of: record.name, by: chief, because: reason)
        await registry.refresh()
        return .redirect(to: Self.path(of: record.name))
    }

    private func orders(_ form: FormFields) throws(HubError) -> [ClusterOrder] {
        switch form["order"] {
        case "cordon": return [.cordon]
        case "uncordon": return [.uncordon]
        case "drain": return [.drain(until: nil)]
        case "drain-hour": return [.drain(until: desk.now() + 3600)]
        case "suspend": return [.suspend]
        case "resume": return [.resume]
        case "revoke": return [.revoke]
        case "leave": return [.leave]
        case "rotate": return [.rotate]
        case "trust":
            guard let trust = form["trust"].flatMap(ClusterTrust.init(word:)), let data = form["data"] else { break }
            // Not chosen: what the configuration says goes on to count.
            if data.isEmpty { return [.trust(trust)] }
            guard let ceiling = DataCeiling(rawValue: data) else { break }
            return [.trust(trust), .data(ceiling)]
        default: break
        }
        throw HubError(.badRequest, "this form is damaged: it does not say what to do", next: "open the page again")
    }

    @Sendable func decide(_ request: Request, _ context: HubContext) async throws -> Response {
        let form = try await request.form()
        guard let visitor = try await gate.visitor(request, sending: form) else {
            return gate.login(returningTo: Self.path)
        }
        let (chief, key) = (ClusterChief(visitor.person), try context.name("key"))
        let reason = String((form["reason"] ?? "").prefix(200))
        switch form["answer"] {
        case "approve":
            let approval = ClusterDesk.Approval(name: form.text("name"), owner: form.text("owner"))
            let record = try await desk.approve(key, approval, by: chief, because: reason)
            await registry.refresh()
            return .redirect(to: Self.path(of: record.name))
        case "deny":
            try await desk.deny(key, by: chief, because: reason)
            return .redirect(to: Self.path)
        default:
            throw HubError(.badRequest, "this form is damaged: it says neither yes nor no", next: "open the page again")
        }
    }

    private func page(_ record: ClusterRecord, for visitor: Visitor, _ chief: ClusterChief) -> ClusterPage {
        let health = keeper.health(of: record)
        let links = registry.links.links(of: record.keys.map(\.id))
        var page = ClusterPage(
            frame: Frame(visitor), title: record.title, name: record.name, state: ClusterStateView(health.state),
            reasons: health.reasons, facets: record.views(registry.written), facts: record.facts,
            links: links.map { LinkView($0) }, action: Self.path(of: record.name), orders: record.orders(for: chief))
        if chief.isAdmin, !page.orders.isEmpty {
            page.trusts = record.trusts
            page.ceilings = record.ceilings(registry.written)
        }
        return page
    }
}
