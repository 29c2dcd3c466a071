internal import Synchronization

/// Every family of the page: configurable-http-proxy's under its names, ours under `orrery_proxy_`.
extension MetricsText {
    init(_ shared: Shared) {
        self.init()
        let metrics = shared.metrics
        addCompatible(metrics)
        addConnections(metrics)
        addRequests(metrics)
        addUpstreams(metrics)
        addRefusals(metrics)
        add(.gauge, "orrery_proxy_routes", "Routes in force.", UInt64(shared.routes.count))
        add(
            .gauge, "orrery_proxy_draining", "1 while the proxy is stopping.",
            UInt64(shared.isStopping.load(ordering: .relaxed) ? 1 : 0))
        addHub(metrics)
        if let tunnel = shared.tunnel { addTunnel(tunnel) }
        addProcess(metrics)
    }

    /// How it stands with the hub.
    private mutating func addHub(_ metrics: Metrics) {
        add(
            .gauge, "orrery_proxy_feed_followed", "1 while the hub's feed of routes is followed.",
            UInt64(metrics.isFeedFollowed.load(ordering: .relaxed) ? 1 : 0))
        let changed = metrics.feedChanged.load(ordering: .relaxed)
        // A time that there was not would be an age of fifty years.
        if changed > 0 {
            add(
                .gauge, "orrery_proxy_feed_changed_timestamp_seconds",
                "When the feed changed something last, in seconds since 1970.", Double(changed) / 1000)
        }
        add(
            .counter, "orrery_proxy_stale_answers_total",
            "Answers to GET /hub/api/user that were given again while the hub gave none.",
            metrics.value(.staleAnswers))
    }

    /// What configurable-http-proxy tells of itself.
    private mutating func addCompatible(_ metrics: Metrics) {
        add(.counter, "api_route_get", "Requests for the list of routes.", metrics.routeReads.load(ordering: .relaxed))
        add(.counter, "api_route_add", "Routes set.", metrics.routeAdditions.load(ordering: .relaxed))
        add(.counter, "api_route_delete", "Routes deleted.", metrics.routeRemovals.load(ordering: .relaxed))
        add(.counter, "requests_ws", "Requests to leave HTTP, WebSockets above all.", metrics.value(.requestsUpgrade))
        add(.counter, "requests_web", "All other requests that went to a route.", metrics.value(.requestsWeb))
        add(
            .counter, "requests_proxy", "Requests answered, by status.", by: "status",
            metrics.answersByStatus.map { ("\($0.status)", $0.count) })
        add(
            .counter, "requests_api", "Requests to the REST interface answered, by status.", by: "status",
            metrics.apiAnswersByStatus.map { ("\($0.status)", $0.count) })
        addSummary(
            "find_target_for_req", "Seconds to find a request's target; one request in 256 is timed.",
            metrics.timed(.lookup))
        addSummary(
            "last_activity_updating", "Seconds to note that a route is used; one request in 256 is timed.",
            metrics.timed(.activity))
    }

    private mutating func addConnections(_ metrics: Metrics) {
        add(
            .gauge, "orrery_proxy_connections", "Connections open now.", by: "side",
            [
                ("client", metrics.open(.clientsOpened, less: .clientsClosed)),
                ("upstream", metrics.open(.upstreamsOpened, less: .upstreamsClosed)),
            ])
        add(
            .counter, "orrery_proxy_connections_total", "Connections opened.", by: "side",
            [("client", metrics.value(.clientsOpened)), ("upstream", metrics.value(.upstreamsOpened))])
        add(
            .gauge, "orrery_proxy_tunnels", "Connections that have left HTTP and are open now.",
            metrics.open(.tunnelsOpened, less: .tunnelsClosed))
        add(
            .counter, "orrery_proxy_received_bytes_total", "Bytes received, heads included.", by: "side",
            [("client", metrics.value(.bytesFromClients)), ("upstream", metrics.value(.bytesFromUpstreams))])
        add(
            .counter, "orrery_proxy_sent_bytes_total", "Bytes sent, heads included.", by: "side",
            [("client", metrics.value(.bytesToClients)), ("upstream", metrics.value(.bytesToUpstreams))])
        add(
            .counter, "orrery_proxy_tls_handshakes_total", "TLS handshakes that ended well.", by: "side",
            [("client", metrics.value(.clientHandshakes)), ("upstream", metrics.value(.upstreamHandshakes))])
        add(
            .counter, "orrery_proxy_tls_handshake_failures_total", "TLS handshakes that failed.", by: "side",
            [
                ("client", metrics.value(.clientHandshakesFailed)),
                ("upstream", metrics.value(.upstreamHandshakesFailed)),
            ])
        add(
            .counter, "orrery_proxy_kernel_tls_connections_total",
            "Connections whose records the kernel has gone on encrypting.", by: "side",
            [("client", metrics.value(.clientsLent)), ("upstream", metrics.value(.upstreamsLent))])
    }

    private mutating func addRequests(_ metrics: Metrics) {
        add(
            .counter, "orrery_proxy_requests_total", "Requests answered, by status.", by: "status",
            metrics.answersByStatus.map { ("\($0.status)", $0.count) })
        add(
            .counter, "orrery_proxy_requests_cut_total", "Exchanges that ended before their answer did.", by: "when",
            [("unanswered", metrics.value(.clientsLeft)), ("answering", metrics.value(.answersCut))])
        let waited = metrics.waited
        addHistogram(
            "orrery_proxy_first_byte_seconds",
            "From a request's last byte to the first of the upstream's answer, to the loop's millisecond.",
            ends: (0..<WorkerMetrics.waitSteps - 1).map { Double(1 << $0) / 1000 }, steps: waited.steps,
            sum: Double(waited.milliseconds) / 1000)
        add(
            .counter, "orrery_proxy_gate_total", "What the gate said.", by: "verdict",
            [
                ("passed", metrics.value(.gatePassed)), ("login", metrics.value(.gateLogin)),
                ("denied", metrics.value(.gateDenied)), ("logged_out", metrics.value(.gateLoggedOut)),
            ])
        addTurns(metrics.timed(.turn))
        add(
            .counter, "orrery_proxy_access_log_lines_total", "Lines of the access log.", by: "fate",
            [("written", metrics.value(.linesWritten)), ("dropped", metrics.value(.linesDropped))])
    }

    /// How long everybody else waits while a worker deals with what has happened.
    private mutating func addTurns(_ timed: (steps: [UInt64], nanoseconds: UInt64)) {
        // Every eighth step is enough for a picture: a factor of four from one to the next.
        let places = Array(stride(from: 39, to: TimingScale.steps - 40, by: 8))
        var steps: [UInt64] = []
        var first = 0
        for place in places {
            steps.append(timed.steps[first...place].reduce(0, +))
            first = place + 1
        }
        steps.append(timed.steps[first...].reduce(0, +))
        addHistogram(
            "orrery_proxy_turn_seconds", "One turn of a worker's loop, without its wait; one turn in 16 is timed.",
            ends: places.map { Double(TimingScale.end(ofStep: $0)) / 1e9 }, steps: steps,
            sum: Double(timed.nanoseconds) / 1e9)
    }

    private mutating func addUpstreams(_ metrics: Metrics) {
        add(
            .counter, "orrery_proxy_upstream_connections_total", "Connections made to upstreams.",
            metrics.value(.upstreamsOpened))
        add(
            .counter, "orrery_proxy_upstream_reuses_total", "Requests sent over a kept connection.",
            metrics.value(.reuses))
        add(
            .counter, "orrery_proxy_upstream_retries_total",
            "Requests sent again because a kept connection had died.", metrics.value(.retries))
        add(
            .counter, "orrery_proxy_upstream_failures_total", "Requests an upstream gave no answer to.", by: "kind",
            [
                ("unreachable", metrics.value(.failedUnreachable)), ("timed_out", metrics.value(.failedTimedOut)),
                ("garbled", metrics.value(.failedGarbled)), ("closed_early", metrics.value(.failedClosedEarly)),
                ("insecure", metrics.value(.failedInsecure)),
            ])
    }

    private mutating func addRefusals(_ metrics: Metrics) {
        add(
            .counter, "orrery_proxy_refused_total", "What was refused or ended by a limit.", by: "limit",
            [
                ("head", metrics.value(.refusedHead)), ("head_time", metrics.value(.refusedSlowHead)),
                ("body_rate", metrics.value(.refusedSlowBody)), ("stall", metrics.value(.refusedSlowReader)),
                ("per_address", metrics.value(.refusedAddress)), ("connections", metrics.value(.refusedConnection)),
                ("pipeline", metrics.value(.refusedPipeline)), ("handshakes", metrics.value(.refusedHandshake)),
                ("evicted", metrics.value(.evicted)),
            ])
    }
}
