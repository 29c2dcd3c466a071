internal import Glibc
internal import OrreryModel

/// A connection to a pod, for probes: it never blocks, and every step has the same deadline.
struct LoopbackSocket: ~Copyable {
    struct Failure: Error {
        let reason: String
        var isTimeout = false
    }

    private let number: CInt
    private let deadline: ContinuousClock.Instant

    private init(number: CInt, deadline: ContinuousClock.Instant) {
        self.number = number
        self.deadline = deadline
    }

    static func connect(
        to host: String, _ port: UInt16, until deadline: ContinuousClock.Instant
    ) async throws(Failure) -> LoopbackSocket {
        let number = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | O_NONBLOCK | O_CLOEXEC, 0)
        guard number >= 0 else { throw Failure(reason: systemReason()) }
        let connection = LoopbackSocket(number: number, deadline: deadline)
        try await connection.connect(to: host, port)
        return connection
    }

    private func connect(to host: String, _ port: UInt16) async throws(Failure) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard unsafe inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &address.sin_addr) == 1 else {
            throw Failure(reason: "\(host) is no IPv4 address")
        }
        let isDone = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isDone { return }
        guard errno == EINPROGRESS else { throw Failure(reason: systemReason()) }
        try await wait(for: POLLOUT)
        var failure: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &failure, &size)
        guard failure == 0 else { throw Failure(reason: systemReason(failure)) }
    }

    deinit { close(number) }

    func send(_ bytes: [UInt8]) async throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else {
                guard errno == EAGAIN else { throw Failure(reason: systemReason()) }
                try await wait(for: POLLOUT)
            }
        }
    }

    /// The next bytes; none at the end.
    func receive() async throws(Failure) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe recv(number, &chunk, chunk.count, 0)
            if count >= 0 { return Array(chunk.prefix(count)) }
            guard errno == EAGAIN else { throw Failure(reason: systemReason()) }
            try await wait(for: POLLIN)
        }
    }

    // Asked again every few milliseconds rather than by an event loop of its own: a node has few probes under way.
    private func wait(for event: CInt) async throws(Failure) {
        var poller = pollfd(fd: number, events: Int16(event), revents: 0)
        while unsafe poll(&poller, 1, 0) == 0 {
            guard .now < deadline, !Task.isCancelled else { throw Failure(reason: "i/o timeout", isTimeout: true) }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}
