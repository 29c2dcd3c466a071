import HTTPTypes
import Hummingbird
import OrreryModel
import OrreryStore

/// `/hub/clusters/claim`, where somebody types the code that a cluster's agent has logged and says whose cluster it is.
struct ClaimRoutes: Sendable {
    let gate: Gate
    let registry: ClusterRegistry
    let desk: ClusterDesk

    static let path = "/hub/clusters/claim"

    func add(to router: Router<HubContext>) {
        router.get("hub/clusters/claim", use: show)
        router.post("hub/clusters/claim", use: claim)
    }

    @Sendable func show(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: request.target) }
        guard let typed = request.fields["code"], !typed.isEmpty else {
            return .page(ClaimPage(frame: Frame(visitor)).html())
        }
        do {
            let join = try await desk.claimable(typed, for: ClusterChief(visitor.person))
            let groups = visitor.person.person.groups.map(\.name).sorted().map { Choice(value: $0, title: $0) }
            return .page(
                ClaimPage(frame: Frame(visitor), code: typed, request: WaitingView(join), groups: groups).html())
        } catch let error as HubError where error.kind == .notFound {
            let notice = Notice(kind: .failure, text: error.message, next: error.next)
            return .page(ClaimPage(frame: Frame(visitor), notices: [notice], code: typed).html(), status: .notFound)
        }
    }

    @Sendable func claim(_ request: Request, _ context: HubContext) async throws -> Response {
        let form = try await request.form()
        guard let visitor = try await gate.visitor(request, sending: form) else {
            return gate.login(returningTo: Self.path)
        }
        let record = try await desk.claim(
            form["code"] ?? "", for: form["group"] ?? "", by: ClusterChief(visitor.person))
        await registry.refresh()
        let notice = Notice(
            kind: .success, text: "\(record.title) belongs to \(record.owner ?? "") now and is connecting",
            next: "its agent goes on by itself",
            link: Link(title: "Look at it", href: ClusterRoutes.path(of: record.name)))
        return .page(ClaimPage(frame: Frame(visitor), outcome: notice).html())
    }
}

extension WaitingView {
    init(_ join: JoinRecord) {
        let digits = Array(join.key)
        let groups = stride(from: 0, to: digits.count, by: 8).map { String(digits[$0..<min($0 + 8, digits.count)]) }
        self.init(
            wish: join.hello["name"]?.string ?? "a cluster without a name", id: join.key,
            fingerprint: groups.joined(separator: " "),
            address: join.address, uid: join.hello["uid"]?.string ?? "",
            version: [join.hello["version"]?.string, join.hello["kubernetes"]?.string.map { "Kubernetes \($0)" }]
                .compactMap(\.self).joined(separator: ", "),
            since: Moment(join.firstAt), reason: join.reason, action: "/hub/joins/\(join.key)")
    }
}
