import Glibc
import OrreryWire

/// One connection to a hub's proxy as far as the end of the handshake, step by step, so that it is seen which one fails.
/// Blocks for as long as `patience` for each step: it wants a thread of its own.
struct HubVisit: ~Copyable {
    /// What went wrong; whose doing it is likely to be.
    struct Trouble: Error {
        enum Step { case name, connection, proxy, handshake, trust }

        let step: Step
        let words: String
    }

    private var kernel: LinuxKernel
    private let engine = TLSEngine()
    private var descriptor: CInt = -1
    private static let patience: CInt = 10_000

    private init?() {
        guard let kernel = LinuxKernel() else { return nil }
        self.kernel = kernel
    }

    deinit {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        kernel.end()
    }

    /// The address that was reached.
    static func make(to place: ProxyPlace, by way: HTTPProxy?, trusting trust: LinkTrust) throws(Trouble) -> String {
        guard var visit = HubVisit() else {
            throw Trouble(step: .connection, words: "this machine has no descriptor left")
        }
        let first = way?.place ?? place
        guard let address = SocketAddress.resolve(first.host, port: first.port) else {
            throw Trouble(step: .name, words: "there is no address for \(first.host)")
        }
        try visit.connect(address)
        if let way { try visit.pass(way, to: place) }
        try visit.shakeHands(place.host, trust)
        return "\(address)"
    }

    private mutating func connect(_ address: SocketAddress) throws(Trouble) {
        switch kernel.connect(address) {
        case .connected(let made): descriptor = made
        case .started(let begun):
            descriptor = begun
            guard isReady(for: POLLOUT) else {
                throw Trouble(step: .connection, words: "\(address) does not answer")
            }
            let error = kernel.connectionError(begun)
            guard error == 0 else {
                throw Trouble(step: .connection, words: "\(address): \(SystemError(number: error))")
            }
        case .failed(let error):
            throw Trouble(step: .connection, words: "\(address): \(SystemError(number: error))")
        case .exhausted: throw Trouble(step: .connection, words: "this machine has no descriptor left")
        }
    }

    private func isReady(for events: CInt) -> Bool {
        var question = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return unsafe poll(&question, 1, Self.patience) == 1
    }

    private mutating func pass(_ way: HTTPProxy, to place: ProxyPlace) throws(Trouble) {
        let request = way.request(for: place)
        guard unsafe send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw Trouble(step: .proxy, words: "\(way.place) takes no request")
        }
        var answer: [UInt8] = []
        while true {
            switch HTTPProxy.answer(answer) {
            case .open: return
            case .refused(let words): throw Trouble(step: .proxy, words: "\(way.place): \(words)")
            case .incomplete: break
            }
            var byte: UInt8 = 0
            guard isReady(for: POLLIN), unsafe recv(descriptor, &byte, 1, 0) == 1 else {
                throw Trouble(step: .proxy, words: "\(way.place) does not answer")
            }
            answer.append(byte)
        }
    }

    private mutating func shakeHands(_ name: String, _ trust: LinkTrust) throws(Trouble) {
        guard let stream = engine.connect(trust.control, to: name) else {
            throw Trouble(step: .handshake, words: "\(name) cannot be the name of a server")
        }
        engine.received.reset()
        while true {
            let state = engine.shakeHands(stream)
            engine.sendReplies(to: descriptor, through: &kernel)
            switch state {
            case .done:
                if let words = trust.complaint(about: stream, speaking: LinkTrust.controlProtocol) {
                    throw Trouble(step: .trust, words: words)
                }
                return
            case .failed(let failure):
                throw Trouble(
                    step: failure.kind == .untrusted ? .trust : .handshake, words: "\(failure.reason)")
            case .waits: break
            }
            guard isReady(for: POLLIN), case .bytes = engine.receive(from: descriptor, through: &kernel) else {
                throw Trouble(step: .handshake, words: "the connection ends in the midst of it")
            }
        }
    }
}
