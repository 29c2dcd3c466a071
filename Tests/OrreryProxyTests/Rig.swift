import OrreryWire
import Synchronization
import Testing

@testable import OrreryProxy

/// A worker in front of a scripted kernel, with one route to an upstream that the test plays.
final class Rig {
    let kernel = ScriptedKernel()
    let shared: Shared
    private var worker: Worker<ScriptedKernel>

    init(
        routes: [String: String] = ["/": "http://10.0.0.1:8081", "/user/ada": "http://10.0.0.2:8888"],
        routesByHost: Bool = false, errorTarget: String? = nil, limits: ProxyLimits = ProxyLimits(),
        tls: TLSServerConfiguration? = nil,
        clientTLS: TLSClientConfiguration? = nil, lendsKeys: Bool = false, errorPages: ErrorPages? = nil,
        accessLog format: AccessFormat? = nil,
        log output: ProxyLog.Output = .standardError, hasInner: Bool = false,
        forwarding change: (inout ForwardingOptions) -> Void = { _ in },
        makeTunnel: (PeerBook) -> Tunnel? = { _ in nil }
    ) throws {
        var forwarding = ForwardingOptions()
        change(&forwarding)
        let log = ProxyLog(level: .error, output: output)
        shared = Shared(
            limits: limits, log: log, errorTarget: try errorTarget.map { try #require(Target($0)) },
            routesByHost: routesByHost, forwarding: forwarding, errorPages: errorPages,
            tls: try TLSBook(.init(server: tls, client: clientTLS, lendsKeys: lendsKeys)),
            accessLog: try format.map {
                try AccessLog(AccessLogConfiguration(format: $0, path: nil), log: log, room: 1 << 14)
            }, makeTunnel: makeTunnel)
        worker = Worker(
            kernel: kernel, shared: shared, listener: ScriptedKernel.listener, signal: ScriptedKernel.signal,
            channel: ScriptedKernel.channel, inner: hasInner ? ScriptedKernel.inner : -1)
        for (key, target) in routes { try setRoute(key, target) }
    }

    func setRoute(_ key: String, _ text: String, access: [String] = []) throws {
        let target = try #require(Target(text))
        let key = try #require(RouteKey(key))
        #expect(
            shared.routes.set(
                key, to: target, address: target.resolve(), access: access, members: [], at: kernel.moment.wall))
    }

    /// Lets the worker do all it has to do now.
    func turn() { for _ in 0..<20 { worker.turnIfReady() } }

    /// Lets the worker look once at what has happened.
    func turnOnce() { worker.turnIfReady() }

    /// Lets time pass.
    func pass(_ duration: Duration) {
        kernel.moment.monotonic += duration.milliseconds
        kernel.moment.wall += duration.milliseconds
        turn()
    }

    /// A client that is connected.
    func client() -> CInt {
        let number = kernel.connectClient()
        turn()
        return number
    }

    /// Sends from one side and lets the worker work.
    func send(_ number: CInt, _ text: String) {
        kernel.feed(number, text)
        turn()
    }

    func end(_ number: CInt) {
        kernel.end(number)
        turn()
    }

    func fail(_ number: CInt, _ error: CInt = 104) {
        kernel.fail(number, error)
        turn()
    }

    func setRoom(_ number: CInt, _ room: Int) {
        kernel.setRoom(number, room)
        turn()
    }

    /// The connection to an upstream that was made last.
    func upstream() throws -> CInt { try #require(kernel.connected.last) }

    /// The lines that the worker has written since this was asked last.
    func lines() -> [String] {
        var bytes: [UInt8] = []
        unsafe worker.lines?.ring.take { unsafe bytes.append(contentsOf: $0) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    var connections: Int { worker.slots.count }
    /// Nothing is left to do: its thread would end.
    var hasLeft: Bool { worker.hasLeft }

    /// Buffers that connections hold.
    var heldBuffers: Int {
        (0..<worker.slots.extent).reduce(0) { sum, index in
            guard worker.slots[index].phase != .free else { return sum }
            return sum + (worker.slots[index].input.isEmpty ? 0 : 1) + (worker.slots[index].output.isEmpty ? 0 : 1)
                + (worker.slots[index].replay.isEmpty ? 0 : 1)
        }
    }

    func token(_ number: CInt) -> UInt64 { kernel.sockets[number]?.token ?? 0 }

    /// What a worker does last.
    func closeAll() { worker.closeAll() }

    func stop(atOnce: Bool = false) {
        shared.isStopping.store(true, ordering: .releasing)
        shared.isEnding.store(atOnce, ordering: .releasing)
        heed()
    }

    /// What `ProxyServer` signals after a change that cannot wait.
    func heed() {
        kernel.post(token: .max - 1, .readable)
        turn()
    }
}

extension Worker where K == ScriptedKernel {
    fileprivate mutating func turnIfReady() {
        // Something to wake up for: the loop itself never asks what is still in the script.
        kernel.post(token: .max - 2, .none)
        turn()
    }
}

/// The content of a chunked message, its head taken off.
func dechunked(_ message: String) -> String? {
    let parts = message.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    var reader = BodyReader(.chunked)
    var bytes = Array(parts[1].utf8)
    var content: [UInt8] = []
    while !bytes.isEmpty, !reader.isEnded {
        var span = bytes.mutableSpan
        let step = reader.take(&span)
        content += bytes[step.offset..<step.offset + step.count]
        bytes.removeFirst(step.consumed)
    }
    return reader.isEnded && bytes.isEmpty ? String(decoding: content, as: UTF8.self) : nil
}

/// Messages that many tests send.
enum Sample {
    /// A browser's request for a notebook, with fields for this hop only.
    static let get =
        "GET /user/ada/lab HTTP/1.1\r\nHost: hub:8000\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nX-Forwarded-For: 9.9.9.9\r\nCookie: a=b\r\n\r\n"
    /// The same as it must reach the upstream.
    static let forwarded =
        "GET /user/ada/lab HTTP/1.1\r\nHost: hub:8000\r\nCookie: a=b\r\nX-Forwarded-For: 9.9.9.9,192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: 8000\r\nX-Forwarded-Host: hub:8000\r\nVia: 1.1 orrery-proxy\r\n\r\n"
    /// A plain answer of an upstream.
    static let ok =
        "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\nConnection: Keep-Alive\r\n\r\nok"
    /// The same as it must reach the client.
    static let answered =
        "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"
    /// A request to leave HTTP.
    static let upgrade =
        "GET /user/ada/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: x=1; jupyterhub-session-id=s1\r\n\r\n"
    /// The upstream's consent.
    static let switching =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
}
