import Glibc
import OrreryWire
import Synchronization
import Testing

@testable import OrreryProxy

/// How many seconds a test waits for what must happen, before it says that it did not. Nothing that goes well takes them,
/// on however busy a machine.
let patience = 60

/// A blocking connection of the test's own, which loses its patience with silence.
final class Stream: Sendable {
    let descriptor: CInt

    init(owning descriptor: CInt) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    convenience init(port: UInt16) throws { self.init(owning: try #require(Self.connect(to: port))) }

    /// A connection, or nil when nobody listens.
    static func ifListening(port: UInt16) -> Stream? { connect(to: port).map(Stream.init(owning:)) }

    private static func connect(to port: UInt16) -> CInt? {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let number = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let code = unsafe withUnsafeBytes(of: &address) {
            // The structure is an IPv4 address, and the size says so.
            unsafe Glibc.connect(number, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        guard code != 0 else { return number }
        _ = close(number)
        return nil
    }

    deinit { _ = close(descriptor) }

    /// Sends all; false when the other side takes no more.
    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Some bytes; empty at the end, nil after an error or when the patience is over.
    func receive(_ limit: Int = 65_536) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = unsafe recv(descriptor, &bytes, limit, 0)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    /// All bytes up to and with `mark`, or to the end.
    func receive(through mark: String) -> String {
        let mark = Array(mark.utf8)
        var bytes: [UInt8] = []
        while bytes.suffix(mark.count) != mark[...] {
            guard let next = receive(1), !next.isEmpty else { break }
            bytes += next
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Exactly `count` bytes, or fewer when they end.
    func receive(exactly count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let next = receive(min(65_536, count - bytes.count)), !next.isEmpty else { break }
            bytes += next
        }
        return bytes
    }

    /// An answer with a length: its head and body.
    func answer() -> (head: String, body: String) {
        let head = receive(through: "\r\n\r\n")
        let length = head.split(separator: "\r\n").lazy.compactMap { line -> Int? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
            return Int(parts[1].drop { $0 == " " })
        }.first
        return (head, String(decoding: receive(exactly: length ?? 0), as: UTF8.self))
    }

    func shutDown() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// From now on closing it sends a reset, as a browser that is killed does.
    func resetWhenClosed() {
        var now = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }
}

/// A server of the test's own: runs `serve` for each connection, each on a thread.
final class Origin: Sendable {
    let port: UInt16
    private let listener: SharedDescriptor
    private let connections = Counter()

    /// How many connections were made to it.
    var count: Int { connections.value.load(ordering: .relaxed) }

    private final class Counter: Sendable { let value = Atomic<Int>(0) }

    init(_ serve: @escaping @Sendable (Stream) -> Void) throws {
        let place = try #require(SocketAddress.resolve("127.0.0.1", port: 0))
        // The thread holds it too, so that its number is nobody else's before the thread has ended.
        let listener = SharedDescriptor(try Descriptor.listener(on: place, .alone))
        self.listener = listener
        port = listener.descriptor.boundPort
        _ = fcntl(listener.descriptor.number, F_SETFL, 0)
        _ = LoopThread { [connections] in
            while true {
                let descriptor = accept(listener.descriptor.number, nil, nil)
                guard descriptor >= 0 else { return }
                connections.value.add(1, ordering: .relaxed)
                _ = LoopThread { serve(Stream(owning: descriptor)) }
            }
        }
    }

    deinit { shutdown(listener.descriptor.number, CInt(SHUT_RDWR)) }
}

/// A proxy that runs while the test does.
final class RunningProxy {
    let server: ProxyServer
    private let thread: LoopThread

    init(
        defaultPort: UInt16? = nil, workers: Int = 2,
        _ change: (inout ProxyConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = ProxyConfiguration()
        configuration.listener = .init(host: "127.0.0.1", port: 0)
        configuration.api = .init(host: "127.0.0.1", port: 0)
        configuration.workers = workers
        configuration.logLevel = .error
        configuration.defaultTarget = defaultPort.map { "http://127.0.0.1:\($0)" }
        change(&configuration)
        let server = try ProxyServer(configuration: configuration)
        self.server = server
        thread = LoopThread { server.run() }
    }

    deinit {
        server.stop()
        thread.join()
    }

    func client() throws -> Stream { try Stream(port: server.port) }

    /// Asks the REST interface; the status of its answer.
    func api(_ method: String, _ path: String, _ body: String = "") throws -> Int? {
        let stream = try Stream(port: server.apiPort)
        stream.send(
            "\(method) \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        return Int(stream.answer().head.dropFirst(9).prefix(3))
    }

    func setRoute(_ key: String, port: UInt16) throws { try setRoute(key, to: "http://127.0.0.1:\(port)") }

    func setRoute(_ key: String, to target: String) throws {
        #expect(try api("POST", "/api/routes\(key)", #"{"target":"\#(target)"}"#) == 201)
    }
}

/// Waits until `condition` holds, or the patience is over.
func eventually(_ condition: () -> Bool) -> Bool {
    let end = Moment.now().monotonic + UInt64(patience) * 1000
    while !condition() {
        if Moment.now().monotonic > end { return false }
        usleep(1_000)
    }
    return true
}
