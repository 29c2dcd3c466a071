import OrreryWire
import Synchronization
import Testing

@testable import OrreryProxy

/// What is counted, and the page that tells it.
struct MetricsTests {
    private func page(_ rig: Rig) -> MetricsPage { MetricsPage(MetricsText(rig.shared).text) }

    @Test func aRequestIsCountedOnce() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.kernel.moment.monotonic += 40
        rig.send(try rig.upstream(), Sample.ok)
        let page = page(rig)
        #expect(page["orrery_proxy_requests_total{status=\"200\"}"] == 1)
        #expect(page["requests_proxy{status=\"200\"}"] == 1)
        #expect(page["requests_web"] == 1 && page["requests_ws"] == 0)
        #expect(page["orrery_proxy_connections{side=\"client\"}"] == 1)
        #expect(page["orrery_proxy_connections{side=\"upstream\"}"] == 1)
        #expect(page["orrery_proxy_received_bytes_total{side=\"client\"}"] == Double(Sample.get.utf8.count))
        #expect(page["orrery_proxy_sent_bytes_total{side=\"upstream\"}"] == Double(Sample.forwarded.utf8.count))
        #expect(page["orrery_proxy_received_bytes_total{side=\"upstream\"}"] == Double(Sample.ok.utf8.count))
        #expect(page["orrery_proxy_sent_bytes_total{side=\"client\"}"] == Double(Sample.answered.utf8.count))
        #expect(page["orrery_proxy_first_byte_seconds_bucket{le=\"0.032\"}"] == 0)
        #expect(page["orrery_proxy_first_byte_seconds_bucket{le=\"0.064\"}"] == 1)
        #expect(page["orrery_proxy_first_byte_seconds_sum"] == 0.04)
        #expect(page["orrery_proxy_upstream_reuses_total"] == 0)
        rig.send(client, Sample.get)
        #expect(self.page(rig)["orrery_proxy_upstream_reuses_total"] == 1)
    }

    @Test func whatIsClosedIsNoLongerOpen() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.upgrade)
        rig.send(try rig.upstream(), Sample.switching)
        #expect(page(rig)["orrery_proxy_tunnels"] == 1)
        rig.fail(client)
        let page = page(rig)
        #expect(page["orrery_proxy_tunnels"] == 0 && page["requests_ws"] == 1)
        #expect(page["orrery_proxy_connections{side=\"client\"}"] == 0)
        #expect(page["orrery_proxy_connections_total{side=\"upstream\"}"] == 1)
        #expect(page["orrery_proxy_requests_total{status=\"101\"}"] == 1)
    }

    @Test func aFailureIsCountedByItsKind() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.kernel.connecting = .fails
        rig.send(client, Sample.get)
        rig.kernel.connecting = .atOnce
        rig.pass(.milliseconds(300))
        rig.send(client, Sample.get)
        rig.send(try rig.upstream(), "this is no answer\r\n\r\n")
        rig.send(client, Sample.get)
        rig.end(try rig.upstream())
        rig.send(client, Sample.get)
        rig.pass(.seconds(3601))
        let page = page(rig)
        for kind in ["unreachable", "garbled", "closed_early", "timed_out"] {
            #expect(page["orrery_proxy_upstream_failures_total{kind=\"\(kind)\"}"] == 1, "\(kind)")
        }
        #expect(page["orrery_proxy_requests_total{status=\"502\"}"] == 2)
    }

    @Test func anAnswerThatIsGivenAgainIsCounted() throws {
        let rig = try Rig()
        let question = "GET /hub/api/user HTTP/1.1\r\nHost: h\r\nAuthorization: token abc\r\n\r\n"
        let client = rig.client()
        rig.send(client, question)
        rig.send(
            try rig.upstream(), "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok")
        #expect(page(rig)["orrery_proxy_stale_answers_total"] == 0)
        rig.send(client, question)
        rig.send(try rig.upstream(), "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
        #expect(rig.kernel.sent(client).hasSuffix("\r\n\r\nok"))
        #expect(page(rig)["orrery_proxy_stale_answers_total"] == 1)
    }

    @Test func anExchangeThatIsCutIsCounted() throws {
        let rig = try Rig()
        let impatient = rig.client()
        rig.send(impatient, Sample.get)
        rig.fail(impatient)
        let other = rig.client()
        rig.send(other, Sample.get)
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome")
        rig.fail(other)
        let done = rig.client()
        rig.send(done, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        rig.send(try rig.upstream(), Sample.ok)
        let page = page(rig)
        #expect(page["orrery_proxy_requests_cut_total{when=\"unanswered\"}"] == 1)
        #expect(page["orrery_proxy_requests_cut_total{when=\"answering\"}"] == 1)
    }

    @Test func someLookupsAndTurnsAreTimed() throws {
        let rig = try Rig()
        let client = rig.client()
        for _ in 0..<256 {
            rig.send(client, Sample.get)
            rig.send(try rig.upstream(), Sample.ok)
        }
        let page = page(rig)
        #expect(page["find_target_for_req_count"] == 1 && page["last_activity_updating_count"] == 1)
        #expect((page["orrery_proxy_turn_seconds_count"] ?? 0) > 100)
    }

    @Test func thePageIsWhatPrometheusReads() throws {
        let rig = try Rig()
        let page = page(rig)
        #expect(page.faults.isEmpty, "\(page.faults)")
        for name in [
            "api_route_get", "api_route_add", "api_route_delete", "requests_ws", "requests_web",
            "find_target_for_req_sum", "last_activity_updating_count", "process_cpu_seconds_total",
            "process_start_time_seconds", "process_resident_memory_bytes", "process_open_fds", "process_max_fds",
        ] { #expect(page[name] != nil, "\(name)") }
        #expect((page["process_start_time_seconds"] ?? 0) > 1_700_000_000)
        #expect((page["process_resident_memory_bytes"] ?? 0) > 1_000_000 && (page["process_open_fds"] ?? 0) > 2)
    }

    @Test func theRestInterfaceIsCounted() throws {
        let rig = try Rig(routes: [:])
        let interface = ControlInterface(shared: rig.shared, token: nil, signals: [])
        _ = interface.answer(
            .init(method: "POST", path: "/api/routes/a", body: Array(#"{"target":"http://10.0.0.1:1"}"#.utf8)))
        _ = interface.answer(.init(method: "GET", path: "/api/routes"))
        _ = interface.answer(.init(method: "GET", path: "/api/routes/b"))
        _ = interface.answer(.init(method: "DELETE", path: "/api/routes/a"))
        let page = page(rig)
        #expect(page["api_route_add"] == 1 && page["api_route_get"] == 1 && page["api_route_delete"] == 1)
        #expect(page["requests_api{status=\"201\"}"] == 1 && page["requests_api{status=\"404\"}"] == 1)
        #expect(page["orrery_proxy_routes"] == 0)
    }

    @Test(arguments: [
        ("GET", "/metrics", 200), ("HEAD", "/healthz", 200), ("GET", "/readyz", 200), ("GET", "/", 404),
        ("POST", "/metrics", 405),
    ])
    func whoWatchesMayAsk(_ method: String, _ path: String, _ status: Int) throws {
        let interface = ObservationInterface(shared: try Rig().shared)
        #expect(interface.answer(.init(method: method, path: path)).status == status)
    }

    @Test func aProxyThatStopsIsAliveAndNotReady() throws {
        let rig = try Rig()
        rig.stop()
        let interface = ObservationInterface(shared: rig.shared)
        #expect(interface.answer(.init(method: "GET", path: "/readyz")).status == 503)
        #expect(interface.answer(.init(method: "GET", path: "/healthz")).status == 200)
    }

    @Test func metricsAreServedOverAPortOfTheirOwn() throws {
        let proxy = try RunningProxy(workers: 2) { $0.metrics = .init(host: "127.0.0.1", port: 0) }
        let client = try proxy.client()
        client.send("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.answer().head.hasPrefix("HTTP/1.1 404 "))
        let stream = try Stream(port: try #require(proxy.server.metricsPort))
        stream.send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = stream.answer()
        #expect(answer.head.contains("Content-Type: text/plain; version=0.0.4"))
        let page = MetricsPage(answer.body)
        #expect(page.faults.isEmpty && page["requests_proxy{status=\"404\"}"] == 1)
    }

    @Test func everyDurationIsOnTheScaleOnce() {
        var last = 0
        for duration in (0..<100_000).map(UInt64.init) + [1 << 30, 1 << 36, 1 << 45, .max] {
            let step = TimingScale.step(duration)
            #expect(step == last || step == last + 1 || duration > 100_000)
            #expect(step == TimingScale.steps - 1 || duration < TimingScale.end(ofStep: step))
            #expect(step == 0 || duration >= TimingScale.end(ofStep: step - 1))
            last = step
        }
    }
}
