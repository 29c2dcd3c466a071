internal import OrreryFetch
internal import OrreryModel
internal import Synchronization

/// Follows the feed of a hub for as long as the proxy runs. While the hub is away routes stay as they are.
///
/// Concurrency: one task runs it.
final class FeedClient: Sendable {
    private let hub: HubAccess
    private let identity: String
    /// What the hub is to know of this proxy, as fields of a query.
    private let door: String
    private let fetcher: Fetcher
    private let sink: FeedSink
    private let log: ProxyLog
    /// Called when something new is in force.
    private let onChange: @Sendable () -> Void
    private let isAway = Atomic<Bool>(false)
    private let heard = Mutex(ContinuousClock.now)

    /// `identity` names this proxy among the hub's followers.
    init(
        hub: HubAccess, identity: String, door: String, fetcher: Fetcher, sink: FeedSink, log: ProxyLog,
        onChange: @escaping @Sendable () -> Void
    ) {
        self.hub = hub
        self.identity = identity
        self.door = door
        self.fetcher = fetcher
        self.sink = sink
        self.log = log
        self.onChange = onChange
    }

    /// Follows until the task is cancelled.
    func run() async {
        var backoff = Backoff()
        var asksForAll = false
        while !Task.isCancelled {
            let began = ContinuousClock.now
            let end = await follow(asksForAll: asksForAll)
            sink.noteFollowed(false)
            guard !Task.isCancelled else { return }
            // What the hub sent after the last good line is unknown, so it is not asked to go on from there.
            asksForAll = if case .broken = end { true } else { false }
            if ContinuousClock.now - began > .seconds(10) { backoff.reset() }
            if !isAway.exchange(true, ordering: .relaxed) {
                log.write(.warn, "the feed of \(hub.url) is broken: \(end.sentence). Routes stay as they are.")
            }
            try? await Task.sleep(for: backoff.pause())
        }
    }

    /// Reads one answer to its end, or until nothing has come for too long.
    private func follow(asksForAll: Bool) async -> FeedEnd {
        heard.withLock { $0 = .now }
        return await withTaskGroup(of: FeedEnd.self) { group in
            group.addTask { await self.read(asksForAll: asksForAll) }
            group.addTask { await self.awaitSilence() }
            defer { group.cancelAll() }
            return await group.next() ?? .closed
        }
    }

    private func awaitSilence() async -> FeedEnd {
        while !Task.isCancelled {
            let end = heard.withLock { $0 } + hub.silence
            guard ContinuousClock.now < end else { break }
            try? await Task.sleep(until: end, clock: .continuous)
        }
        return .silent
    }

    private func read(asksForAll: Bool) async -> FeedEnd {
        let position = asksForAll ? nil : sink.position
        var reader = FeedReader(after: position)
        var lines = LineBuffer()
        do throws(FetchError) {
            let stream = try await fetcher.stream(request(after: position))
            guard stream.status == 200 else { return .refused(stream.status) }
            var chunks = stream.makeAsyncIterator()
            while let chunk = try await chunks.next() {
                heard.withLock { $0 = .now }
                if let end = take(chunk, &lines, &reader) { return end }
            }
            return .closed
        } catch {
            return .unreachable(error)
        }
    }

    /// Puts in force what these bytes complete. What they say before a fault is not, for nobody knows what else is wrong.
    private func take(_ chunk: [UInt8], _ lines: inout LineBuffer, _ reader: inout FeedReader) -> FeedEnd? {
        do throws(FeedFault) {
            try lines.take(chunk) { line throws(FeedFault) in try reader.take(line) }
        } catch {
            return .broken(error, line: reader.line)
        }
        let steps = reader.drain()
        guard sink.take(steps) else { return .full }
        if reader.hasBegun { sink.noteFollowed(true) }
        let isBack = reader.hasBegun && isAway.exchange(false, ordering: .relaxed)
        if isBack { log.write(.info, "the feed of \(hub.url) is followed again") }
        if isBack || !steps.isEmpty { onChange() }
        return nil
    }

    private func request(after position: FeedPosition?) -> FetchRequest {
        var url = "\(hub.url)/api/v1/proxy/feed?proxy=\(identity)\(door)"
        if let position { url += "&epoch=\(position.epoch.escapedForQuery)&after=\(position.number)" }
        return FetchRequest(
            url: url, headers: [("Authorization", "Bearer \(hub.token.reveal())")], limit: nil, trust: hub.trust)
    }
}

/// Why an answer is not followed any more.
private enum FeedEnd: Sendable {
    case unreachable(FetchError)
    case refused(Int)
    case broken(FeedFault, line: Int)
    case full
    case silent
    /// The hub has ended its answer, as it does before it stops or when this proxy reads too slowly.
    case closed

    var sentence: String {
        switch self {
        case .unreachable(let error): "\(error)"
        case .refused(401), .refused(403): "the hub refuses this proxy's token"
        case .refused(let status): "the hub answers with \(status)"
        case .broken(let fault, let line): "line \(line): \(fault)"
        case .full: "no room for so many routes"
        case .silent: "the hub has been silent for too long"
        case .closed: "the hub has ended it"
        }
    }
}

extension HubAccess {
    var trust: FetchRequest.Trust { authority.map { .authority(pem: $0) } ?? .system }
}

extension String {
    /// With everything escaped but letters, digits and a few signs that mean nothing in a query.
    var escapedForQuery: String {
        var text = ""
        for byte in utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }
}
