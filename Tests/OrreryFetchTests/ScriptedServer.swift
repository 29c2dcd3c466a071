import Glibc
import Synchronization

/// A real HTTP server on loopback whose answers are scripts: a closure per connection reads requests and writes bytes.
/// Stops listening with its last reference.
final class ScriptedServer: Sendable {
    let port: UInt16
    private let listener: CInt
    private let counter = Counter()

    var url: String { "http://127.0.0.1:\(port)" }
    /// How many connections were accepted so far.
    var accepted: Int { counter.value }

    init(_ script: @escaping @Sendable (ScriptedConnection) -> Void) throws {
        let (listener, port) = try Self.bound()
        guard listen(listener, 1024) == 0 else { throw ServerError.cannotListen }
        self.listener = listener
        self.port = port
        onThread { [counter] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else {
                    // Here and not in `deinit`: a number that is free again before this thread saw the end may be the
                    // listener of another test, whose connections would get this script.
                    close(listener)
                    return
                }
                counter.add()
                onThread { script(ScriptedConnection(client)) }
            }
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// A port at which everybody is refused. Nobody else gets it while the tests run.
    static func refusingPort() throws -> UInt16 { try bound().port }

    /// A socket that is bound to a port of loopback and does not listen.
    private static func bound() throws -> (number: CInt, port: UInt16) {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe bind(number, raw, length) == 0 && getsockname(number, raw, &length) == 0
            }
        }
        guard isBound else { throw ServerError.cannotListen }
        return (number, UInt16(bigEndian: address.sin_port))
    }

    enum ServerError: Error { case cannotListen }
}

/// One accepted connection; closed with its last reference.
final class ScriptedConnection: Sendable {
    private let number: CInt

    init(_ number: CInt) { self.number = number }

    deinit { close(number) }

    /// The next request, head and body as they came; nil when the client closed.
    func request() -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while !bytes.ends(with: "\r\n\r\n".utf8) {
            guard unsafe recv(number, &byte, 1, 0) == 1 else { return nil }
            bytes.append(byte)
        }
        let head = String(decoding: bytes, as: UTF8.self)
        let length =
            head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
        var body = [UInt8](repeating: 0, count: length)
        let received = length == 0 ? 0 : unsafe recv(number, &body, length, Int32(MSG_WAITALL))
        guard received == length else { return nil }
        return head + String(decoding: body, as: UTF8.self)
    }

    /// False when the client is gone.
    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    @discardableResult
    func write(_ whole: [UInt8]) -> Bool {
        var bytes = whole[...]
        while !bytes.isEmpty {
            let sent = unsafe bytes.withUnsafeBytes {
                unsafe send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            bytes = bytes.dropFirst(sent)
        }
        return true
    }

    /// Answers every request on the connection with `body`.
    func serve(_ status: String = "200 OK", headers: [String] = [], body: (String) -> String) {
        while let request = request() {
            let text = body(request)
            let head = (["HTTP/1.1 \(status)", "Content-Length: \(text.utf8.count)"] + headers).joined(
                separator: "\r\n")
            guard write(head + "\r\n\r\n" + text) else { return }
        }
    }

    /// Blocks until the client closes.
    func awaitClose() { while request() != nil {} }
}

/// A number that threads may add to.
final class Counter: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    func add(_ amount: Int = 1) { number.withLock { $0 += amount } }
}

/// A door that opens once; threads wait behind it.
@safe final class Gate: Sendable {
    private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    init() { unsafe sem_init(semaphore, 0, 0) }
    deinit { unsafe semaphore.deallocate() }
    func open() { unsafe sem_post(semaphore) }
    func pass() { unsafe sem_wait(semaphore) }
}

func onThread(_ work: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
    var thread = pthread_t()
    let code = unsafe pthread_create(
        &thread, nil,
        { box in
            if let box = unsafe box { unsafe Unmanaged<Box>.fromOpaque(box).takeRetainedValue().work() }
            return nil
        }, Unmanaged.passRetained(Box(work)).toOpaque())
    precondition(code == 0)
    pthread_detach(thread)
}

/// Polls until `condition` holds; false after five seconds.
func eventually(_ condition: @Sendable () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while !condition() {
        guard ContinuousClock.now < deadline else { return false }
        await Task.yield()
    }
    return true
}

extension Collection<UInt8> where Self: BidirectionalCollection {
    func ends(with tail: some BidirectionalCollection<UInt8>) -> Bool {
        count >= tail.count && suffix(tail.count).elementsEqual(tail)
    }
}
