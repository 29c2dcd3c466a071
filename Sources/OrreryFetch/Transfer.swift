import Synchronization

/// One exchange between the task that waits for it and the loop's thread that carries it out.
///
/// Concurrency: everything mutable is in `state`. The loop's thread fills it from libcurl's callbacks; one task empties
/// it. Continuations are resumed after the lock is released.
final class Transfer: Sendable {
    enum Mode { case collect, stream }

    /// What a stream buffers before it pauses the sender.
    static let bufferLimit = 256 << 10
    /// All header fields of one answer together.
    static let headLimit = 256 << 10

    let request: FetchRequest
    let origin: Origin
    let mode: Mode
    private let state = Mutex(State())

    /// Whether an address of the other side was passed over because the request may not go there.
    var wasKeptBack: Bool {
        get { state.withLock { $0.wasKeptBack } }
        set { state.withLock { $0.wasKeptBack = newValue } }
    }

    init(_ request: FetchRequest, origin: Origin, mode: Mode) {
        self.request = request
        self.origin = origin
        self.mode = mode
    }

    func tooLarge(_ limit: Int) -> FetchError {
        FetchError(.tooLarge, "\(origin.description) answered with more than \(limit) bytes", host: origin.description)
    }

    var cut: FetchError {
        FetchError(
            .cut, "\(origin.description) closed the connection before its answer was complete", host: origin.description
        )
    }

    var cancelled: FetchError {
        FetchError(.cancelled, "the request to \(origin.description) was cancelled", host: origin.description)
    }
}

extension Transfer {
    struct State {
        var status = 0
        var headers = FetchHeaders()
        var headBytes = 0
        var isHeadComplete = false
        var body: [UInt8] = []
        var isPaused = false
        var wasKeptBack = false
        /// Our own reason for having aborted the transfer; libcurl only knows that a callback failed.
        var abort: FetchError?
        var end: Result<Void, FetchError>?
        var waiter: CheckedContinuation<Void, Never>?

        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            defer { waiter = nil }
            return waiter
        }
    }

    enum Read {
        case chunk([UInt8], unpause: Bool)
        case end(Result<Void, FetchError>)
        case nothingYet
    }
}

// The loop's side.
extension Transfer {
    /// One header line, line end included. False aborts the transfer.
    func receive(headerLine bytes: UnsafeRawBufferPointer) -> Bool {
        let line = unsafe String(decoding: bytes, as: UTF8.self)
        let (goOn, waiter) = state.withLock { state in
            // Trailer fields after a chunked body come here too; nobody reads them.
            guard !state.isHeadComplete else { return (true, CheckedContinuation<Void, Never>?.none) }
            state.headBytes += bytes.count
            guard state.headBytes <= Self.headLimit else {
                state.abort = tooLarge(Self.headLimit)
                return (false, nil)
            }
            takeHeaderLine(line, &state)
            return (true, state.isHeadComplete && mode == .stream ? state.takeWaiter() : nil)
        }
        waiter?.resume()
        return goOn
    }

    private func takeHeaderLine(_ text: String, _ state: inout State) {
        let line = Substring(text.utf8.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") })
        if line.hasPrefix("HTTP/") {
            // A new head: the one before was interim (100, 103) or a redirect that libcurl follows.
            state.headers = FetchHeaders()
            state.status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        } else if line.isEmpty {
            let isFollowed =
                request.followsRedirects && (300..<400).contains(state.status) && state.headers["Location"] != nil
            state.isHeadComplete = state.status >= 200 && !isFollowed
        } else {
            state.headers.append(line: line)
        }
    }

    enum Taken { case all, pause, abort }

    func receive(body bytes: UnsafeRawBufferPointer) -> Taken {
        let (taken, waiter) = state.withLock { state in
            // The body of a redirect that is being followed is of no interest.
            guard state.isHeadComplete else { return (Taken.all, CheckedContinuation<Void, Never>?.none) }
            switch mode {
            case .collect:
                guard state.body.count + bytes.count <= request.bodyLimit else {
                    state.abort = tooLarge(request.bodyLimit)
                    return (.abort, nil)
                }
            case .stream where state.body.count >= Self.bufferLimit:
                state.isPaused = true
                return (.pause, nil)
            case .stream: break
            }
            unsafe state.body.append(contentsOf: bytes)
            return (.all, mode == .stream ? state.takeWaiter() : nil)
        }
        waiter?.resume()
        return taken
    }

    /// The transfer is over. `failure` is libcurl's reason; our own, if we aborted, is the better one.
    func finish(_ failure: FetchError?) {
        let waiter = state.withLock { state in
            guard state.end == nil else { return CheckedContinuation<Void, Never>?.none }
            // To libcurl a head that ends with the connection is a whole answer.
            let failure = state.abort ?? failure ?? (state.isHeadComplete ? nil : cut)
            state.end = failure.map { .failure($0) } ?? .success(())
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    /// Whether the task has given up before the loop saw the transfer.
    var isOver: Bool { state.withLock { $0.end != nil } }
}

// The task's side.
extension Transfer {
    /// Returns when the head of a stream is complete, or the whole answer of a collected one, or the transfer failed.
    func awaitHead() async {
        await wait { state in state.end != nil || (self.mode == .stream && state.isHeadComplete) }
    }

    func awaitBody() async {
        await wait { state in state.end != nil || !state.body.isEmpty }
    }

    private func wait(until isReady: @Sendable (borrowing State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                guard !isReady(state) else { return true }
                precondition(state.waiter == nil, "two tasks read one FetchStream")
                state.waiter = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
    }

    /// Status and headers, once `awaitHead` has returned.
    func head() -> Result<(status: Int, headers: FetchHeaders), FetchError> {
        state.withLock { state in
            // What a stream received before it failed is the reader's.
            if case .failure(let error) = state.end, mode == .collect || !state.isHeadComplete {
                return .failure(error)
            }
            return .success((state.status, state.headers))
        }
    }

    func read() -> Read {
        state.withLock { state in
            guard state.body.isEmpty else {
                defer { (state.body, state.isPaused) = ([], false) }
                return .chunk(state.body, unpause: state.isPaused)
            }
            return state.end.map { .end($0) } ?? .nothingYet
        }
    }
}
