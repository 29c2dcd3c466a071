import Glibc
import OrreryWire
import Testing

/// How many seconds a test waits for what must happen, before it says that it did not.
let patience = 60

/// A blocking connection of the test's own, which loses its patience with silence.
final class Stream: Sendable {
    let descriptor: CInt

    init(owning descriptor: CInt) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, 0)
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
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

    /// Exactly `count` bytes, or fewer when they end.
    func receive(exactly count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let next = receive(min(65_536, count - bytes.count)), !next.isEmpty else { break }
            bytes += next
        }
        return bytes
    }

    func text(_ count: Int) -> String { String(decoding: receive(exactly: count), as: UTF8.self) }

    func shutDown() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// From now on closing it sends a reset.
    func resetWhenClosed() {
        var now = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }
}

/// A server of the test's own: runs `serve` for each connection, each on a thread.
final class Origin: Sendable {
    let port: UInt16
    private let listener: Listener

    init(port: UInt16 = 0, _ serve: @escaping @Sendable (Stream) -> Void) throws {
        let listener = try Listener(port: port)
        self.listener = listener
        self.port = listener.port
        _ = LoopThread {
            while let stream = listener.accept() {
                _ = LoopThread { serve(stream) }
            }
        }
    }

    deinit { listener.stop() }
}

/// A listening socket on the loopback.
final class Listener: Sendable {
    private let descriptor: Descriptor
    let port: UInt16

    init(port: UInt16 = 0) throws {
        let place = try #require(SocketAddress.resolve("127.0.0.1", port: port))
        descriptor = try Descriptor.listener(on: place, .alone)
        self.port = descriptor.boundPort
        _ = fcntl(descriptor.number, F_SETFL, 0)
    }

    /// The next connection; nil once this has been stopped.
    func accept() -> Stream? {
        let number = Glibc.accept(descriptor.number, nil, nil)
        return number >= 0 ? Stream(owning: number) : nil
    }

    func stop() { shutdown(descriptor.number, CInt(SHUT_RDWR)) }
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
