import OrreryCrypto
import OrreryLink
import OrreryModel
import OrreryWire
import Synchronization
import Testing

@testable import OrreryProxy

/// An agent that a test plays, over real sockets and TLS: it dials, says hello, and keeps as many data connections as it is
/// asked for. What becomes of each that is handed over is the test's to say.
final class PlayedAgent: Sendable {
    struct Manner: Sendable {
        var uid = "uid-south"
        var agent = AgentID.random()
        /// Dials ahead when it is told how many shall wait, and at once when it is asked to.
        var obeysPool = true
        var obeysWant = true
        /// What it says first, where that is not the usual.
        var hello: ControlFrame?
    }

    struct Heard: Sendable {
        var frames: [ControlFrame] = []
        var handoffs: [Handoff] = []
        var dialled: UInt32 = 0
        var waiting = 0
        var isOver = false
    }

    private let port: UInt16
    private let key: AgentKey
    private let manner: Manner
    private let serve: @Sendable (Handoff, Data) -> Void
    private let state = Mutex(Heard())
    private let outbox = Mutex<[ControlFrame]>([])
    private let wanted = Mutex(0)

    var heard: Heard { state.withLock { $0 } }

    /// Begins at once, on a thread of its own.
    init(
        port: UInt16, key: AgentKey, _ manner: Manner = Manner(),
        serve: @escaping @Sendable (Handoff, Data) -> Void = { _, data in data.serveHTTP() }
    ) throws {
        (self.port, self.key, self.manner, self.serve) = (port, key, manner, serve)
        _ = LoopThread { self.talk() }
    }

    /// A connection as this key, in this protocol.
    static func connect(port: UInt16, _ key: AgentKey, _ kind: LinkProtocol) throws -> SecureStream {
        try SecureStream(port: port, context(key, kind.rawValue), name: "127.0.0.1")
    }

    static func context(_ key: AgentKey?, _ name: String) throws -> TLSContext {
        var configuration = TLSClientConfiguration()
        configuration.verifies = false
        configuration.protocols = [name]
        if let key {
            configuration.ownIdentity = TLSOwnIdentity(
                certificate: try key.certificate(), key: Secret(String(decoding: key.revealPEM(), as: UTF8.self)))
        }
        return try .client(configuration)
    }

    static func hello(_ manner: Manner) -> ControlFrame {
        AgentHello(
            agent: manner.agent, version: "1", time: 0, host: "127.0.0.1",
            cluster: .init(uid: manner.uid, kubernetes: "v1.31", namespaces: ["a"])
        ).frame
    }

    /// The same while somebody listens: an agent may outlive its proxy.
    private func connect(_ kind: LinkProtocol) -> SecureStream? {
        guard let stream = Stream.ifListening(port: port), let context = try? Self.context(key, kind.rawValue) else {
            return nil
        }
        let secured = SecureStream(stream, context, name: "127.0.0.1")
        return secured.isDone ? secured : nil
    }

    private func talk() {
        guard let control = connect(.control) else { return end() }
        control.send((manner.hello ?? Self.hello(manner)).encode())
        var reader = FrameReader()
        while true {
            let bytes = control.receiveSome()
            guard !bytes.isEmpty else { return end() }
            reader.take(bytes)
            while let frame = try? reader.next() {
                state.withLock { $0.frames.append(frame) }
                heed(frame, control)
            }
        }
    }

    private func end() { state.withLock { $0.isOver = true } }

    private func heed(_ frame: ControlFrame, _ control: SecureStream) {
        switch frame.type {
        case "ping": control.send(ControlFrame("pong", ["number": frame["number"] ?? 0]).encode())
        case "pool" where manner.obeysPool:
            let missing = (frame.count("idle") ?? 0) - heard.waiting
            for _ in 0..<max(0, missing) { dial() }
        case "want" where manner.obeysWant: for _ in 0..<(frame.count("count") ?? 0) { dial() }
        default: break
        }
        for frame in outbox.withLock({ box in
            defer { box = [] }; return box
        }) { control.send(frame.encode()) }
    }

    /// Says something as soon as the proxy has said something.
    func say(_ frame: ControlFrame) { outbox.withLock { $0.append(frame) } }

    /// Dials a data connection, which waits on a thread of its own.
    func dial() {
        let number = state.withLock { heard in
            heard.dialled += 1
            heard.waiting += 1
            return heard.dialled
        }
        _ = LoopThread {
            let handed = self.wait(number)
            self.state.withLock { $0.waiting -= 1 }
            if let (handoff, data) = handed {
                self.state.withLock { $0.handoffs.append(handoff) }
                self.serve(handoff, data)
            }
        }
    }

    private func wait(_ number: UInt32) -> (Handoff, Data)? {
        guard let stream = connect(.data) else { return nil }
        stream.send(DataGreeting(agent: manner.agent, number: number).encode())
        var bytes: [UInt8] = []
        while true {
            let more = stream.receiveSome()
            guard !more.isEmpty else { return nil }
            bytes += more
            if let read = try? Handoff.read(bytes) {
                return (read.handoff, Data(stream, rest: Array(bytes[read.count...]), number: number))
            }
        }
    }

    /// A data connection that was handed over, at the agent's end.
    final class Data {
        let stream: SecureStream
        let number: UInt32
        private var rest: [UInt8]

        init(_ stream: SecureStream, rest: [UInt8], number: UInt32) {
            (self.stream, self.rest, self.number) = (stream, rest, number)
        }

        func send(_ answer: HandoffAnswer) { stream.send(answer.encode()) }

        /// All up to and with `mark`, or to the end.
        func receive(through mark: String) -> String {
            let mark = Array(mark.utf8)
            while true {
                for end in stride(from: mark.count, through: rest.count, by: 1)
                where rest[end - mark.count..<end].elementsEqual(mark) {
                    defer { rest.removeFirst(end) }
                    return String(decoding: rest.prefix(end), as: UTF8.self)
                }
                let more = stream.receiveSome()
                guard !more.isEmpty else {
                    defer { rest = [] }
                    return String(decoding: rest, as: UTF8.self)
                }
                rest += more
            }
        }

        func receive(exactly count: Int) -> [UInt8] {
            while rest.count < count {
                let more = stream.receiveSome()
                guard !more.isEmpty else { break }
                rest += more
            }
            defer { rest.removeFirst(min(count, rest.count)) }
            return Array(rest.prefix(count))
        }

        /// Takes the hand-off, and answers every request with its first line.
        func serveHTTP() {
            send(.accepted)
            while true {
                let head = receive(through: "\r\n\r\n")
                guard let line = head.split(separator: "\r\n").first, head.hasSuffix("\r\n\r\n") else { return }
                stream.send("HTTP/1.1 200 OK\r\nContent-Length: \(line.utf8.count)\r\n\r\n\(line)")
            }
        }
    }
}
