import Glibc
import OrreryCrypto
import OrreryLink
import OrreryModel
import OrreryWire
import Synchronization
import Testing

/// A proxy that says what a test wants it to say: it takes connections over TLS and sorts them by what they speak.
final class ScriptedProxy: Sendable {
    let port: UInt16
    private let listener: Listener
    private let controls = Mutex<[ProxyEnd]>([])
    private let waiting = Mutex<[ProxyEnd]>([])
    private let welcomed = Mutex<[ProxyEnd]>([])
    private let failures = Mutex<[TLSFailure]>([])
    private let accepted = Atomic<Int>(0)

    /// How many connections have come, whatever became of them.
    var count: Int { accepted.load(ordering: .relaxed) }
    /// Data connections that have said whose they are.
    var idle: Int { waiting.withLock { $0.count } }
    var failure: TLSFailure? { failures.withLock { $0.first } }

    init(_ authority: TestAuthority, port: UInt16 = 0, protocols: [String] = ["orrery-c/1", "orrery-d/1"]) throws {
        var configuration = TLSServerConfiguration(identities: [
            TLSIdentity(certificate: authority.path("server.pem"), key: authority.path("server.key"))
        ])
        configuration.protocols = protocols
        configuration.keyedProtocols = protocols.filter { $0.hasPrefix("orrery-") }
        let context = try TLSContext.server(configuration, tickets: TLSTickets())
        let listener = try Listener(port: port)
        self.listener = listener
        self.port = listener.port
        _ = LoopThread { [weak self] in
            while let stream = listener.accept() {
                guard let self else { return }
                self.accepted.add(1, ordering: .relaxed)
                _ = LoopThread { [weak self] in self?.sort(ProxyEnd(stream, context)) }
            }
        }
    }

    deinit { listener.stop() }

    /// Takes no connections any more, and closes those that wait.
    func stop() {
        listener.stop()
        controls.withLock { $0 = [] }
        loseControls()
        waiting.withLock { $0 = [] }
    }

    private func sort(_ end: ProxyEnd) {
        if let failure = end.failure { failures.withLock { $0.append(failure) } }
        guard end.isDone else { return }
        guard end.agreedProtocol == "orrery-d/1" else { return controls.withLock { $0.append(end) } }
        let greeting = end.receive(DataGreeting.count)
        if (try? DataGreeting(greeting)) != nil { waiting.withLock { $0.append(end) } }
    }

    /// The next control connection.
    func control() throws -> ProxyEnd {
        _ = eventually { controls.withLock { !$0.isEmpty } }
        return try #require(controls.withLock { $0.isEmpty ? nil : $0.removeFirst() })
    }

    /// A control connection that has said hello and is welcomed; `idle` data connections shall wait.
    @discardableResult func welcome(idle: Int = 2, peers: [String] = [], pins: [[UInt8]] = []) throws -> ProxyEnd {
        let control = try control()
        _ = try #require(control.frame("hello"))
        control.send(
            ControlFrame(
                "welcome",
                [
                    "cluster": "south", "proxy": "p1", "peers": .array(peers.map { .string($0) }),
                    "pins": .array(pins.map { .string(JoinString.text(ofPin: $0)) }), "time": 0,
                ]))
        control.send(ControlFrame("pool", ["idle": .integer(Int64(idle))]))
        welcomed.withLock { $0.append(control) }
        return control
    }

    /// Cuts all control connections that were welcomed and that no test holds.
    func loseControls() {
        welcomed.withLock { controls in
            for control in controls { control.reset() }
            controls = []
        }
    }

    /// A data connection that waits: the last that came.
    func data() throws -> ProxyEnd {
        _ = eventually { waiting.withLock { !$0.isEmpty } }
        return try #require(waiting.withLock { $0.popLast() })
    }

    /// A data connection handed to `target`, with the first bytes of a request.
    func handed(_ target: Handoff.Target, _ first: String = "") throws -> ProxyEnd {
        let data = try data()
        data.send(Handoff(target, trace: "trace-1").encode() + Array(first.utf8))
        return data
    }
}
