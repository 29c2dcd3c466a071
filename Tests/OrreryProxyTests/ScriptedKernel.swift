import Glibc
import OrreryWire

@testable import OrreryProxy

/// A kernel that lives in memory and does what a test says: how much room a socket has, when a connection is made, which
/// descriptor is given out next.
final class ScriptedKernel: Kernel {
    struct Socket {
        var token: UInt64 = 0
        /// What the proxy has not received yet.
        var incoming: [UInt8] = []
        var hasEnded = false
        var error: CInt?
        /// What the proxy has sent.
        var outgoing: [UInt8] = []
        /// How much the proxy may still send before it has to wait.
        var room = Int.max
        var isShutDown = false
        var isClosed = false
        var isReset = false
        var address: SocketAddress?
        var path: String?
        /// Its number among all that there ever were: descriptors are used again.
        var serial = 0
        /// What the proxy sends is encrypted with it first.
        var seal: RecordSeal?
        /// What was said in the place of data.
        var alerts: [TLSAlert] = []
        /// How much of what was sent the other side has not confirmed.
        var unconfirmed = 0
        /// On its way: neither side can send.
        var isStarted = false
    }

    enum Connecting { case atOnce, later, fails }

    private(set) var sockets: [CInt: Socket] = [:]
    /// Sockets that were closed, by number, last one last.
    private(set) var closed: [(number: CInt, socket: Socket)] = []
    /// The descriptors of connections that the proxy made, in order.
    private(set) var connected: [CInt] = []
    private(set) var serials: [Int] = []
    private var serial = 0
    /// What the proxy has asked for at its channel, and what was handed over there and not taken yet.
    private(set) var asked: [(word: UInt64, token: UInt64)] = []
    private var handed: [Handed] = []
    private var events: [Event] = []
    private var current: [Event] = []
    /// Who has connected to which listener and is not accepted yet.
    private var waiting: [(listener: CInt, number: CInt, address: SocketAddress)] = []
    /// Where newcomers are heard of.
    private(set) var watched: [CInt: UInt64] = [:]
    var listenerIsWatched: Bool { watched[Self.listener] != nil }
    private(set) var hearsNewcomers = true
    private(set) var isListening = true
    var connecting = Connecting.atOnce
    /// What happens to one of the calls that send or receive, counted from one.
    enum Disturbance { case none, blocks(Int), fails(Int, CInt) }
    var disturbance = Disturbance.none
    /// How many connections cannot even be begun, from now on.
    var failures = 0
    var isExhausted = false
    /// Whether it can encrypt in the proxy's place, and how often it was asked to.
    var offersTLS = true
    private(set) var lendings = 0
    /// How many descriptors of connections there may be at a time.
    var descriptorLimit = Int.max
    var moment = Moment(monotonic: 1_000_000, wall: 1_800_000_000_000)
    private(set) var receives = 0
    private(set) var sends = 0
    static let listener: CInt = 1_000_000
    static let signal: CInt = 1_000_001
    static let channel: CInt = 1_000_002
    static let inner: CInt = 1_000_003

    /// The lowest number that is free, as Linux does it.
    private func newDescriptor() -> CInt {
        var number: CInt = 3
        while sockets[number] != nil { number += 1 }
        return number
    }

    private func open(_ number: CInt, _ socket: Socket) {
        serial += 1
        sockets[number] = socket
        sockets[number]?.serial = serial
    }

    /// The socket of that number among all, open or closed.
    func socket(_ serial: Int) -> Socket? {
        sockets.values.first { $0.serial == serial } ?? closed.last { $0.socket.serial == serial }?.socket
    }

    /// What the proxy has sent to it since this was asked last.
    func takeSent(serial: Int) -> [UInt8] {
        if let number = sockets.first(where: { $0.value.serial == serial })?.key { return sentBytes(number) }
        guard let index = closed.lastIndex(where: { $0.socket.serial == serial }) else { return [] }
        let bytes = closed[index].socket.outgoing
        closed[index].socket.outgoing = []
        return bytes
    }

    /// What is in each pipe, by the descriptor it is read at. The one it is filled at is the next number.
    private(set) var pipes: [CInt: [UInt8]] = [:]
    var piped: Int { pipes.values.reduce(0) { $0 + $1.count } }
    private(set) var splices = 0
    private var nextPipe: CInt = 500_000

    // MARK: What the test does

    /// A client connects; its descriptor.
    func connectClient(_ host: String = "192.0.2.7", at listener: CInt = listener) -> CInt {
        let number = newDescriptor()
        open(number, Socket())
        if let address = SocketAddress.resolve(host, port: 5555) { waiting.append((listener, number, address)) }
        if let token = watched[listener] { events.append(Event(token: token, readiness: .readable)) }
        return number
    }

    func feed(_ number: CInt, _ text: String) { feed(number, Array(text.utf8)) }

    func feed(_ number: CInt, _ bytes: [UInt8]) {
        sockets[number]?.incoming += bytes
        post(number, .readable | .writable)
    }

    /// The other side sends no more.
    func end(_ number: CInt) {
        sockets[number]?.hasEnded = true
        post(number, .readable | .ended)
    }

    /// The other side resets.
    func fail(_ number: CInt, _ error: CInt) {
        sockets[number]?.error = error
        post(number, .readable | .writable | .gone)
    }

    func setRoom(_ number: CInt, _ room: Int) {
        sockets[number]?.room = room
        if room > 0, sockets[number]?.isStarted == false { post(number, .writable) }
    }

    /// Answers what was asked first at the channel, with a connection or with none; the connection's descriptor.
    @discardableResult func hand(connected isConnected: Bool, word: UInt64 = 0) -> CInt? {
        let question = asked.removeFirst()
        let number = isConnected ? newDescriptor() : nil
        if let number {
            open(number, Socket())
            connected.append(number)
            serials.append(serial)
        }
        handed.append(Handed(token: question.token, word: word, descriptor: number))
        post(token: .max - 3, .readable)
        return number
    }

    /// A connection that was started is made.
    func establish(_ number: CInt) {
        sockets[number]?.isStarted = false
        post(number, .writable)
    }

    /// An event of the past, for a connection that may no longer be the same.
    func post(token: UInt64, _ readiness: Readiness) { events.append(Event(token: token, readiness: readiness)) }

    private func post(_ number: CInt, _ readiness: Readiness) {
        if let socket = sockets[number] { post(token: socket.token, readiness) }
    }

    /// What the proxy has sent since this was asked last.
    func sent(_ number: CInt) -> String { String(decoding: sentBytes(number), as: UTF8.self) }

    func sentBytes(_ number: CInt) -> [UInt8] {
        let bytes = sockets[number]?.outgoing ?? closed.last { $0.number == number }?.socket.outgoing ?? []
        sockets[number]?.outgoing = []
        return bytes
    }

    func isOpen(_ number: CInt) -> Bool { sockets[number] != nil }

    /// A client that is not accepted yet has no descriptor here.
    private var hasRoom: Bool { sockets.count - waiting.count < descriptorLimit }

    // MARK: What the proxy does

    func watch(_ descriptor: CInt, token: UInt64) {
        sockets[descriptor]?.token = token
        guard let socket = sockets[descriptor] else { return }
        // Adding reports what is true already, as epoll does.
        var readiness = Readiness.none
        if !socket.incoming.isEmpty || socket.hasEnded { readiness.insert(.readable) }
        if socket.hasEnded { readiness.insert(.ended) }
        if socket.room > 0, !socket.isStarted { readiness.insert(.writable) }
        if readiness != .none { post(token: token, readiness) }
    }

    func watchSource(_ descriptor: CInt, token: UInt64) {
        guard [Self.listener, Self.inner].contains(descriptor) else { return }
        watched[descriptor] = token
        if waiting.contains(where: { $0.listener == descriptor }) { post(token: token, .readable) }
    }
    func unwatch(_ descriptor: CInt) { watched[descriptor] = nil }
    func clearSignal(_ descriptor: CInt) {}
    func now() -> Moment { moment }
    func stopwatch() -> UInt64 { moment.monotonic * 1_000_000 }

    func wait(until deadline: Deadline) -> Int {
        (current, events) = (events, [])
        return current.count
    }

    func event(_ index: Int) -> Event { current[index] }

    func accept(_ listener: CInt) -> Acceptance {
        // Without a descriptor to give, Linux does not even look whether somebody waits.
        if isExhausted || !hasRoom { return .exhausted }
        guard let index = waiting.firstIndex(where: { $0.listener == listener }) else { return .none }
        let newcomer = waiting.remove(at: index)
        return .accepted(newcomer.number, newcomer.address)
    }

    func refuseNewcomers(_ listener: CInt) { hearsNewcomers = false }
    func stopListening(_ listener: CInt) { isListening = false }

    func connect(_ address: SocketAddress) -> Connection {
        guard connecting != .fails else { return .failed(ECONNREFUSED) }
        guard hasRoom else { return .exhausted }
        guard failures == 0 else {
            failures -= 1
            return .failed(24)
        }
        let number = newDescriptor()
        open(number, Socket(address: address, isStarted: connecting == .later))
        connected.append(number)
        serials.append(serial)
        return connecting == .atOnce ? .connected(number) : .started(number)
    }

    func connect(path: String) -> Connection {
        guard connecting != .fails else { return .failed(ECONNREFUSED) }
        let number = newDescriptor()
        open(number, Socket(path: path))
        connected.append(number)
        serials.append(serial)
        return .connected(number)
    }

    func ask(_ channel: CInt, for word: UInt64, token: UInt64) -> Bool {
        guard connecting != .fails else { return false }
        asked.append((word, token))
        return true
    }

    func hand(_ descriptor: CInt, over channel: CInt, word: UInt64, token: UInt64) -> Bool { false }

    func takeHanded(_ channel: CInt) -> Handed? { handed.isEmpty ? nil : handed.removeFirst() }

    func connectionError(_ descriptor: CInt) -> CInt { sockets[descriptor]?.error ?? 0 }

    @unsafe func receive(_ descriptor: CInt, into target: UnsafeMutableRawPointer, count: Int) -> Transfer {
        receives += 1
        if let disturbed = disturbed() { return disturbed }
        guard var socket = sockets[descriptor] else { return .failed(9) }
        guard !socket.incoming.isEmpty else {
            if let error = socket.error { return .failed(error) }
            return socket.hasEnded ? .ended : .blocked
        }
        let taken = min(count, socket.incoming.count)
        unsafe UnsafeMutableRawBufferPointer(start: target, count: taken).copyBytes(from: socket.incoming.prefix(taken))
        socket.incoming.removeFirst(taken)
        sockets[descriptor] = socket
        return .bytes(taken)
    }

    @unsafe func send(_ descriptor: CInt, from source: UnsafeRawPointer, count: Int) -> Transfer {
        sends += 1
        if let disturbed = disturbed() { return disturbed }
        guard var socket = sockets[descriptor] else { return .failed(9) }
        if let error = socket.error { return .failed(error) }
        guard !socket.isShutDown else { return .failed(32) }
        let taken = min(count, socket.room)
        guard taken > 0 else { return .blocked }
        let bytes = unsafe Array(UnsafeRawBufferPointer(start: source, count: taken))
        socket.outgoing += socket.seal?.records(bytes) ?? bytes
        if socket.room != .max { socket.room -= taken }
        sockets[descriptor] = socket
        return .bytes(taken)
    }

    private func disturbed() -> Transfer? {
        switch disturbance {
        case .blocks(let call) where receives + sends == call: .blocked
        case .fails(let call, let error) where receives + sends == call: .failed(error)
        default: nil
        }
    }

    func makePipe(capacity: Int) -> Pipe? {
        guard !isExhausted else { return nil }
        nextPipe += 2
        pipes[nextPipe] = []
        return Pipe(outlet: nextPipe, inlet: nextPipe + 1)
    }

    func close(_ pipe: Pipe) { pipes[pipe.outlet] = nil }

    func splice(from source: CInt, to target: CInt, count: Int) -> Transfer {
        splices += 1
        if let held = pipes[source] {
            let bytes = Array(held.prefix(count))
            let outcome = unsafe bytes.withUnsafeBytes { bytes in
                // Inside the array, which lives as long as this call.
                unsafe bytes.baseAddress.map { unsafe send(target, from: $0, count: bytes.count) } ?? .blocked
            }
            if case .bytes(let moved) = outcome { pipes[source]?.removeFirst(moved) }
            return outcome
        }
        // A pipe takes less than it is asked for when the bytes lie scattered, so that a short count says nothing.
        var bytes = [UInt8](repeating: 0, count: max(1, min(count, 100_000)))
        let outcome = unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe bytes.baseAddress.map { unsafe receive(source, into: $0, count: bytes.count) } ?? .blocked
        }
        if case .bytes(let moved) = outcome { pipes[target - 1]? += bytes.prefix(moved) }
        return outcome
    }

    func encrypt(_ descriptor: CInt, with keys: borrowing RecordKeys) -> Bool {
        lendings += 1
        if offersTLS { sockets[descriptor]?.seal = RecordSeal(keys) }
        return offersTLS
    }

    func sendAlert(_ descriptor: CInt, _ alert: TLSAlert) -> Transfer {
        guard var socket = sockets[descriptor], socket.room > 0 else { return .blocked }
        socket.outgoing += socket.seal?.record([alert.level, alert.rawValue], type: 21) ?? []
        socket.alerts.append(alert)
        sockets[descriptor] = socket
        return .bytes(2)
    }

    func unconfirmed(_ descriptor: CInt) -> Int { sockets[descriptor]?.unconfirmed ?? 0 }
    func setUnconfirmed(_ number: CInt, _ count: Int) { sockets[number]?.unconfirmed = count }

    func shutDownSending(_ descriptor: CInt) { sockets[descriptor]?.isShutDown = true }

    func close(_ descriptor: CInt, reset: Bool) {
        guard var socket = sockets.removeValue(forKey: descriptor) else { return }
        (socket.isClosed, socket.isReset) = (true, reset)
        closed.append((descriptor, socket))
    }
}
