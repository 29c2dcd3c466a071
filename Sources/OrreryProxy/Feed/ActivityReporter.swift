internal import OrreryFetch
internal import OrreryModel
internal import OrreryWire
internal import Synchronization

/// Tells the hub which routes were used, in batches, and how far its feed is in force here.
///
/// The first is said every so often, of routes that were used since it was last said successfully: while the hub is away
/// nothing is kept and nothing is lost. The second is said at once, because the hub waits for it.
///
/// Concurrency: one task runs it; any may call `wake`.
final class ActivityReporter: Sendable {
    private let hub: HubAccess
    private let identity: String
    private let fetcher: Fetcher
    private let shared: Shared
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    /// All use before it has been told.
    private let since = Mutex(Moment.now().wall)
    /// How many routes are told of at once.
    static let batch = 500

    init(hub: HubAccess, identity: String, fetcher: Fetcher, shared: Shared) {
        self.hub = hub
        self.identity = identity
        self.fetcher = fetcher
        self.shared = shared
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// There is something new in force.
    func wake() { waker.yield() }

    /// Reports until the task is cancelled.
    func run() async {
        let (interval, waker) = (hub.activityInterval, waker)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { while (try? await Task.sleep(for: interval)) != nil { waker.yield() } }
            var next = ContinuousClock.now + interval
            for await _ in wakes {
                let isDue = ContinuousClock.now >= next
                if isDue { next = .now + interval }
                await report(withActivity: isDue)
            }
            group.cancelAll()
        }
    }

    /// One report, in as many requests as it needs.
    func report(withActivity: Bool) async {
        let moment = Moment.now().wall
        let moved = withActivity ? shared.routes.used(since: since.withLock { $0 }) : []
        var start = 0
        repeat {
            let end = min(start + Self.batch, moved.count)
            guard await send(moved[start..<end]) else { return }
            start = end
        } while start < moved.count
        // What is used in this very millisecond is told again: the hub takes the latest.
        if withActivity { since.withLock { $0 = moment } }
    }

    private func send(_ moved: ArraySlice<(key: RouteKey, moment: UInt64)>) async -> Bool {
        var object: [String: JSON] = [
            "proxy": .string(identity),
            "activity": .object(
                Dictionary(moved.map { ($0.key.text, .integer(Int64($0.moment))) }) { _, last in last }),
        ]
        if let position = shared.routes.position {
            object["epoch"] = .string(position.epoch)
            object["number"] = .integer(Int64(position.number))
        }
        var body: [UInt8] = []
        JSONText.append(.object(object), to: &body)
        let request = FetchRequest(
            "POST", url: "\(hub.url)/api/v1/proxy/activity",
            headers: [("Authorization", "Bearer \(hub.token.reveal())"), ("Content-Type", "application/json")],
            body: body, connectLimit: .seconds(2), limit: .seconds(5), bodyLimit: 64 << 10, trust: hub.trust)
        guard let answer = try? await fetcher.fetch(request) else { return false }
        return (200..<300).contains(answer.status)
    }
}
