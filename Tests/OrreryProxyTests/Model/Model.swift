import OrreryWire

@testable import OrreryProxy

/// Clients, a worker and upstreams, with everything that can happen between them happening by chance: bytes in any
/// pieces, room or none, ends and resets, descriptors that are used again, events of the past, deadlines.
///
/// Whatever happens, a client gets nothing but the bytes of its own answers, in their order, or an error of ours; an
/// upstream gets nothing but its own requests; and in the end nothing is left over.
struct Model<C: Chance> {
    let kernel = ScriptedKernel()
    var chance: C
    /// Nobody breaks anything and no time passes, so that every request must be answered.
    let isGentle: Bool
    private var worker: ModelWorker
    var clients: [ModelClient] = []
    var upstreams: [ModelUpstream] = []
    var requests: [Int: ModelRequest] = [:]
    var answers: [Int: ModelAnswer] = [:]
    var faults: [String] = []
    private var known = 0
    private var oldTokens: [UInt64] = []

    init(_ chance: C, isGentle: Bool) {
        self.chance = chance
        self.isGentle = isGentle
        worker = ModelWorker(kernel)
    }

    /// Runs for so many events and then lets everything end. What was wrong, if anything.
    mutating func run(events: Int) -> [String] {
        for _ in 0..<events where faults.isEmpty && !chance.isSpent {
            happen()
            // Sometimes several things happen before the worker looks.
            if !chance.isOnce(in: 4) { turn() }
        }
        if isGentle { calmDown() }
        if faults.isEmpty { end() }
        return faults
    }

    // MARK: Events

    private mutating func happen() {
        switch chance.below(isGentle ? 10 : 16) {
        case 0: connect()
        case 1, 2, 3: sendFromClient(chance.below(max(clients.count, 1)))
        case 4, 5: sendFromUpstream(chance.below(max(upstreams.count, 1)), atMost: pieceSize())
        case 6: changeRoom()
        case 7: kernel.connecting = chance.pick([.atOnce, .later])
        case 8: establish(chance.below(max(upstreams.count, 1)))
        case 9: liesOfTheKernel()
        case 10: endClient()
        case 11: resetClient()
        case 12: endUpstream()
        case 13: passTime()
        case 14: kernel.connecting = chance.pick([.atOnce, .atOnce, .fails, .later])
        default: kernel.isExhausted = chance.isOnce(in: 3)
        }
    }

    private mutating func connect() {
        guard clients.count < 6 else { return }
        let host = "192.0.2.\(clients.count + 1)"
        let number = kernel.connectClient(host)
        var requests: [ModelRequest] = []
        for _ in 0...chance.below(4) {
            let request = ModelRequest(self.requests.count + 1, by: &chance, isGentle: isGentle)
            self.requests[request.number] = request
            requests.append(request)
            // Nothing can follow these.
            if request.kind == .upgrade || request.kind == .broken || request.saysClose { break }
        }
        let serial = kernel.sockets[number]?.serial ?? 0
        clients.append(
            ModelClient(
                number: number, serial: serial, host: host, requests: requests, unsent: requests.flatMap(\.bytes)[...]))
    }

    private mutating func sendFromClient(_ index: Int) {
        guard index < clients.count, isOpen(clients[index]), !clients[index].hasEnded else { return }
        let piece = clients[index].unsent.prefix(pieceSize())
        guard !piece.isEmpty else { return }
        clients[index].unsent = clients[index].unsent.dropFirst(piece.count)
        kernel.feed(clients[index].number, Array(piece))
    }

    private mutating func sendFromUpstream(_ index: Int, atMost count: Int) {
        guard index < upstreams.count, isOpen(upstreams[index]), !upstreams[index].hasEnded else { return }
        let piece = upstreams[index].unsent.prefix(count)
        upstreams[index].unsent = upstreams[index].unsent.dropFirst(piece.count)
        upstreams[index].sentCount += piece.count
        if !piece.isEmpty { kernel.feed(upstreams[index].number, Array(piece)) }
        guard upstreams[index].unsent.isEmpty, upstreams[index].ending != .none else { return }
        upstreams[index].hasEnded = true
        if upstreams[index].ending == .end {
            kernel.end(upstreams[index].number)
        } else {
            reset(upstreams[index].number)
        }
    }

    private mutating func pieceSize() -> Int {
        switch chance.below(6) {
        case 0: 1
        case 1: 1 + chance.below(20)
        case 2: 1 + chance.below(200)
        case 3: 70_000
        default: .max
        }
    }

    private func reset(_ number: CInt) {
        // A reset takes along what was not read yet, or does not.
        kernel.fail(number, 104)
    }

    private mutating func changeRoom() {
        let numbers = kernel.sockets.keys.sorted()
        guard !numbers.isEmpty else { return }
        kernel.setRoom(chance.pick(numbers), chance.pick([0, 1, 2, 7, 100, 5000, .max, .max]))
    }

    private mutating func establish(_ index: Int) {
        guard index < upstreams.count, !upstreams[index].isMade, isOpen(upstreams[index]) else { return }
        upstreams[index].isMade = true
        if !isGentle, chance.isOnce(in: 6) {
            upstreams[index].hasEnded = true
            kernel.fail(upstreams[index].number, 111)
        } else {
            kernel.establish(upstreams[index].number)
        }
    }

    private mutating func endClient() {
        let index = chance.below(max(clients.count, 1))
        guard chance.isOnce(in: 3), index < clients.count, isOpen(clients[index]) else { return }
        clients[index].hasEnded = true
        kernel.end(clients[index].number)
    }

    private mutating func resetClient() {
        let index = chance.below(max(clients.count, 1))
        guard chance.isOnce(in: 4), index < clients.count, isOpen(clients[index]) else { return }
        (clients[index].hasEnded, clients[index].hasFailed) = (true, true)
        reset(clients[index].number)
    }

    private mutating func endUpstream() {
        let index = chance.below(max(upstreams.count, 1))
        guard chance.isOnce(in: 3), index < upstreams.count, isOpen(upstreams[index]) else { return }
        upstreams[index].hasEnded = true
        upstreams[index].unsent = []
        for number in upstreams[index].requests { answers[number]?.isCut = true }
        if chance.isOnce(in: 2) { kernel.end(upstreams[index].number) } else { reset(upstreams[index].number) }
    }

    private mutating func passTime() {
        guard chance.isOnce(in: 4) else { return }
        let milliseconds = UInt64(chance.pick([1, 200, 3000, 31_000, 61_000, 301_000, 3_601_000]))
        kernel.moment.monotonic += milliseconds
        kernel.moment.wall += milliseconds
    }

    /// Events of the past, and events with nothing behind them.
    private mutating func liesOfTheKernel() {
        oldTokens += kernel.sockets.values.map(\.token).sorted()
        guard !oldTokens.isEmpty else { return }
        let current = Set(kernel.sockets.values.map(\.token))
        let token = oldTokens[chance.below(oldTokens.count)]
        // That one is gone would be no lie that a kernel tells of a connection that is not.
        let readiness: Readiness =
            current.contains(token) ? .readable : chance.pick([.readable, .writable, .gone, .ended])
        let isConnecting = upstreams.contains { !$0.isMade && kernel.sockets[$0.number]?.token == token }
        if !isConnecting { kernel.post(token: token, readiness) }
    }

    // MARK: Turns

    mutating func turn() {
        for _ in 0..<3 {
            worker.turn(8)
            look()
        }
    }

    func isOpen(_ client: ModelClient) -> Bool { kernel.sockets[client.number]?.serial == client.serial }
    func isOpen(_ upstream: ModelUpstream) -> Bool { kernel.sockets[upstream.number]?.serial == upstream.serial }

    /// Takes up what the worker has sent and made.
    mutating func look() {
        while known < kernel.connected.count {
            let (number, serial) = (kernel.connected[known], kernel.serials[known])
            known += 1
            let socket = kernel.socket(serial)
            upstreams.append(
                ModelUpstream(
                    number: number, serial: serial, address: socket?.address?.description ?? "",
                    isMade: socket?.isStarted != true))
        }
        for index in clients.indices { clients[index].received += kernel.takeSent(serial: clients[index].serial) }
        for index in upstreams.indices {
            upstreams[index].received += kernel.takeSent(serial: upstreams[index].serial)
            serve(index)
        }
    }

    // MARK: The end

    /// All sides do what they still have to do.
    private mutating func calmDown() {
        kernel.connecting = .atOnce
        for _ in 0..<60 where faults.isEmpty {
            for number in kernel.sockets.keys.sorted() { kernel.setRoom(number, .max) }
            for index in clients.indices {
                guard isOpen(clients[index]), !clients[index].unsent.isEmpty else { continue }
                kernel.feed(clients[index].number, Array(clients[index].unsent))
                clients[index].unsent = []
            }
            for index in upstreams.indices {
                establish(index)
                if !upstreams[index].unsent.isEmpty || upstreams[index].ending != .none {
                    sendFromUpstream(index, atMost: .max)
                }
            }
            turn()
        }
        for client in clients { faults += unanswered(client) }
    }

    private mutating func end() {
        kernel.isExhausted = false
        kernel.connecting = .atOnce
        for _ in 0..<3 {
            for number in kernel.sockets.keys.sorted() { kernel.setRoom(number, .max) }
            for client in clients where isOpen(client) { kernel.end(client.number) }
            for upstream in upstreams where isOpen(upstream) {
                for number in upstream.requests { answers[number]?.isCut = true }
                kernel.end(upstream.number)
            }
            turn()
            kernel.moment.monotonic += 4_000_000
            turn()
        }
        for client in clients { faults += check(client) }
        if worker.connections != 0 { faults.append("\(worker.connections) places are still taken") }
        if !kernel.sockets.isEmpty { faults.append("\(kernel.sockets.count) descriptors are still open") }
        if kernel.piped != 0 { faults.append("\(kernel.piped) bytes are still in pipes") }
    }
}

/// The worker, which cannot be copied, in something that can be passed around.
final class ModelWorker {
    private var worker: Worker<ScriptedKernel>
    private let kernel: ScriptedKernel

    init(_ kernel: ScriptedKernel) {
        self.kernel = kernel
        let shared = Shared(limits: ProxyLimits(), log: ProxyLog(level: .error), errorTarget: nil)
        for (text, address) in [("/", "http://10.0.0.1:8081"), ("/user/ada", "http://10.0.0.2:8888")] {
            guard let key = RouteKey(text), let target = Target(address) else { continue }
            _ = shared.routes.set(key, to: target, address: target.resolve(), members: [], at: 0)
        }
        worker = Worker(
            kernel: kernel, shared: shared, listener: ScriptedKernel.listener, signal: ScriptedKernel.signal,
            channel: ScriptedKernel.channel)
    }

    var connections: Int { worker.slots.count }

    func turn(_ times: Int) {
        for _ in 0..<times {
            kernel.post(token: .max - 2, .none)
            worker.turn()
        }
    }
}
