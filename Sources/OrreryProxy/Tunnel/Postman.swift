internal import OrreryFetch
internal import OrreryLink
internal import OrreryModel
internal import Synchronization

/// Carries what agents say to the hub, in the order in which they said it, and brings what becomes of it.
///
/// While the hub is away letters are kept, up to a limit. A letter that the hub does not take is given up.
///
/// Concurrency: any thread may call `take`; one task runs `run`.
final class Postman: Sendable {
    struct Letter: Sendable {
        let connection: UInt64
        let key: KeyID
        let publicKey: [UInt8]
        let address: String
        let frame: ControlFrame
        /// Of a key that nobody knows yet.
        let isStranger: Bool
        let bytes: Int

        init(
            connection: UInt64, key: KeyID, publicKey: [UInt8], address: String, frame: ControlFrame, isStranger: Bool
        ) {
            (self.connection, self.key, self.publicKey) = (connection, key, publicKey)
            (self.address, self.frame, self.isStranger) = (address, frame, isStranger)
            bytes = JSONText.bytes(frame.value).count
        }
    }

    /// How many letters go at once, and how many bytes of frames, about.
    static let batch = 100
    static let batchBytes = 512 << 10
    private let letters = Mutex(LetterShelves())
    private let lost = Atomic<Int>(0)
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    init() { (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// How many letters wait.
    var count: Int { letters.withLock { $0.count } }

    func take(_ letter: Letter) {
        let gone = letters.withLock { $0.put(letter) }
        if gone > 0 { lost.wrappingAdd(gone, ordering: .relaxed) }
        waker.yield()
    }

    /// Carries until the task is cancelled.
    func run(hub: HubAccess, fetcher: Fetcher, tunnel: Tunnel, log: ProxyLog) async {
        var backoff = Backoff()
        // Said even when no agent is there, so that the hub knows by what agents will know us.
        while !Task.isCancelled, await deliver([], hub, fetcher, tunnel) == .away {
            try? await Task.sleep(for: backoff.pause())
        }
        backoff.reset()
        for await _ in wakes {
            while !Task.isCancelled,
                let (outcome, givenUp) = await carry({ await deliver($0, hub, fetcher, tunnel) })
            {
                if givenUp > 0 { log.write(.warn, "the hub does not take what an agent says: it is passed over") }
                if outcome == .taken { backoff.reset() }
                if outcome == .away || outcome == .failed { try? await Task.sleep(for: backoff.pause()) }
            }
            let lost = lost.exchange(0, ordering: .relaxed)
            if lost > 0 { log.write(.warn, "\(lost) word(s) of agents were lost while the hub was away") }
        }
    }

    /// Carries one batch, as `deliver` does; what became of it, and how many letters are given up for it. Nil when nothing
    /// waits.
    func carry(
        _ deliver: ([Letter]) async -> LetterShelf.Outcome
    ) async -> (outcome: LetterShelf.Outcome, givenUp: Int)? {
        guard let batch = letters.withLock({ $0.next() }) else { return nil }
        var outcome = await deliver(batch.entries.map(\.letter))
        // A hub that fails at nothing, too, fails at no letter. One that is away by now may have ended at one of these.
        if outcome == .failed, await deliver([]) == .failed { outcome = .away }
        return (outcome, letters.withLock { $0.settle(batch, outcome) })
    }

    private func deliver(
        _ batch: [Letter], _ hub: HubAccess, _ fetcher: Fetcher, _ tunnel: Tunnel
    ) async -> LetterShelf.Outcome {
        let body = JSONText.bytes([
            "proxy": .string(tunnel.identity), "pins": .array(tunnel.pins.map(JSON.string)),
            "frames": .array(batch.map(\.value)),
        ])
        let request = FetchRequest(
            "POST", url: "\(hub.url)/api/v1/proxy/agents",
            headers: [("Authorization", "Bearer \(hub.token.reveal())"), ("Content-Type", "application/json")],
            body: body, connectLimit: .seconds(2), limit: .seconds(10), bodyLimit: 4 << 20, trust: hub.trust)
        let answer: FetchResponse
        do throws(FetchError) {
            answer = try await fetcher.fetch(request)
        } catch {
            // Heard, and no answer: one of these letters may be what the hub ends at, or never comes back from.
            return [.cut, .timedOut, .badAnswer, .tooLarge].contains(error.kind) ? .failed : .away
        }
        switch answer.status {
        case 200..<300: break
        case 400, 413, 422: return .refused
        case 500: return .failed
        // Its store or its way is gone for now, or our token is wrong: no letter's doing.
        default: return .away
        }
        for entry in JSONText.read(answer.body)?["answers"]?.array ?? [] {
            guard let connection = entry["connection"]?.integer, connection >= 0 else { continue }
            let frames = (entry["frames"]?.array ?? []).compactMap { try? ControlFrame($0) }
            tunnel.post(
                .answer(connection: UInt64(connection), frames, closes: entry["close"]?.bool ?? false))
        }
        return .taken
    }
}

extension Postman.Letter {
    fileprivate var value: JSON {
        [
            "connection": .integer(Int64(connection)), "key": .string(key.text),
            "spki": .string(Base64.encode(publicKey)), "address": .string(address), "frame": frame.value,
        ]
    }
}
