import HTTPTypes
import Hummingbird
import NIOCore
import OrreryModel
import OrreryStore

/// `GET /hub/api/metrics`: how the hub does, in the text format of Prometheus. Nothing in it names a person.
struct MetricsRoutes: Sendable {
    let gate: Gate
    let book: PolicyBook
    let sessions: any SessionStore
    let registry: ClusterRegistry
    let keeper: ClusterKeeper

    func add(to router: Router<HubContext>) {
        router.get("hub/api/metrics", use: show)
    }

    @Sendable func show(_ request: Request, _ context: HubContext) async throws -> Response {
        let caller = try await gate.requireCaller(request, context)
        try caller.require("admin:policy", user: caller.name)
        let clusters = registry.records.filter(\.isOfSite).map { keeper.health(of: $0).state }
        let text =
            book.standing.metrics + Self.families(sessions: try await sessions.activeByState(), clusters: clusters)
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// Every state is there, also with 0: an alert on a line that is missing never fires.
    static func families(sessions: [SessionState: Int], clusters: [ClusterHealth.State]) -> String {
        let states = SessionState.allCases.filter { $0 != .ended }
            .map { #"orrery_sessions{state="\#($0.rawValue)"} \#(sessions[$0] ?? 0)"# }
        let healths = ClusterHealth.State.allCases
            .map { health in #"orrery_clusters{health="\#(health.rawValue)"} \#(clusters.count { $0 == health })"# }
        return """
            # HELP orrery_sessions Sessions that have not ended, by where they are; those that are queued wait for room.
            # TYPE orrery_sessions gauge
            \(states.joined(separator: "\n"))
            # HELP orrery_clusters Clusters of this hub that have not left, by how they do.
            # TYPE orrery_clusters gauge
            \(healths.joined(separator: "\n"))

            """
    }
}
