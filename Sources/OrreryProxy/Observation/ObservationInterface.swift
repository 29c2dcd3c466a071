internal import Synchronization

/// What somebody who watches the proxy may ask: `/metrics`, `/healthz` and `/readyz`. Says nothing about persons or paths.
///
/// Concurrency: any thread may call anything.
struct ObservationInterface: ControlService {
    let shared: Shared
    /// Routes come from a hub's feed.
    var isFed = false

    func answer(_ request: ControlInterface.Request) -> ControlInterface.Answer {
        guard request.method == "GET" || request.method == "HEAD" else {
            return .unsupported(["GET", "HEAD"])
        }
        switch request.path {
        case "/metrics":
            let text = MetricsText(shared).text
            return ControlInterface.Answer(status: 200, type: MetricsText.contentType, body: Array(text.utf8))
        case "/healthz": return .text(200, "alive\n")
        case "/readyz": return readiness()
        default: return .text(404, "Not Found")
        }
    }

    /// Ready is who may be sent new connections: 200; else 503 and why not.
    private func readiness() -> ControlInterface.Answer {
        if shared.isStopping.load(ordering: .acquiring) { return .text(503, "draining\n") }
        // Routes of the last run, from disk, are as good: they are served already.
        if isFed, shared.routes.position == nil { return .text(503, "no routes from the hub yet\n") }
        return .text(200, "ready\n")
    }
}
