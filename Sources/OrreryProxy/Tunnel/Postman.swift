internal import OrreryFetch
internal import OrreryLink
internal import OrreryModel
internal import Synchronization

/// Carries what agents say to the hub, in the order in which they said it, and brings what becomes of it.
///
/// While the hub is away letters are kept, up to a limit: then the oldest go. Of beats only the latest of each connection
/// is.
///
/// Concurrency: any thread may call `take`; one task runs `run`.
final class Postman: Sendable {
    struct Letter: Sendable {
        let connection: UInt64
        let key: KeyID
        let publicKey: [UInt8]
        let address: String
        let frame: ControlFrame
        let bytes: Int

        init(connection: UInt64, key: KeyID, publicKey: [UInt8], address: String, frame: ControlFrame) {
            (self.connection, self.key, self.publicKey) = (connection, key, publicKey)
            (self.address, self.frame) = (address, frame)
            bytes = JSONText.bytes(frame.value).count
        }
    }

    static let limit = 4096
    /// How many letters go at once, and how many bytes of frames, about.
    static let batch = 100
    static let batchBytes = 512 << 10
    private let letters = Mutex<[Letter]>([])
    private let lost = Atomic<Int>(0)
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    init() { (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// How many letters wait.
    var count: Int { letters.withLock { $0.count } }

    func take(_ letter: Letter) {
        letters.withLock { letters in
            if letter.frame.type == "beat" {
                letters.removeAll { $0.connection == letter.connection && $0.frame.type == "beat" }
            }
            if letters.count >= Self.limit {
                letters.removeFirst()
                lost.wrappingAdd(1, ordering: .relaxed)
            }
            letters.append(letter)
        }
        waker.yield()
    }

    /// Carries until the task is cancelled.
    func run(hub: HubAccess, fetcher: Fetcher, tunnel: Tunnel, log: ProxyLog) async {
        var backoff = Backoff()
        // Said even when no agent is there, so that the hub knows by what agents will know us.
        while !Task.isCancelled, await !deliver([], hub, fetcher, tunnel) {
            try? await Task.sleep(for: backoff.pause())
        }
        backoff.reset()
        for await _ in wakes {
            while !Task.isCancelled {
                let batch = nextBatch()
                guard !batch.isEmpty else { break }
                if await deliver(batch, hub, fetcher, tunnel) {
                    backoff.reset()
                    drop(batch)
                    continue
                }
                try? await Task.sleep(for: backoff.pause())
            }
            let lost = lost.exchange(0, ordering: .relaxed)
            if lost > 0 { log.write(.warn, "\(lost) word(s) of agents were lost while the hub was away") }
        }
    }

    private func nextBatch() -> [Letter] {
        letters.withLock { letters in
            var bytes = 0
            let count = letters.prefix(Self.batch).count { letter in
                defer { bytes += letter.bytes }
                return bytes < Self.batchBytes
            }
            return Array(letters.prefix(max(count, min(1, letters.count))))
        }
    }

    /// Takes out what was delivered; beats that were replaced meanwhile are gone already.
    private func drop(_ batch: [Letter]) {
        letters.withLock { letters in
            var done = batch[...]
            while let letter = letters.first, let next = done.first {
                if letter.connection == next.connection, letter.frame == next.frame { letters.removeFirst() }
                done = done.dropFirst()
            }
        }
    }

    private func deliver(_ batch: [Letter], _ hub: HubAccess, _ fetcher: Fetcher, _ tunnel: Tunnel) async -> Bool {
        let body = JSONText.bytes([
            "proxy": .string(tunnel.identity), "pins": .array(tunnel.pins.map(JSON.string)),
            "frames": .array(batch.map(\.value)),
        ])
        let request = FetchRequest(
            "POST", url: "\(hub.url)/api/v1/proxy/agents",
            headers: [("Authorization", "Bearer \(hub.token.reveal())"), ("Content-Type", "application/json")],
            body: body, connectLimit: .seconds(2), limit: .seconds(10), bodyLimit: 4 << 20, trust: hub.trust)
        guard let answer = try? await fetcher.fetch(request) else { return false }
        // What the hub cannot take now it takes later; what it finds wrong would be wrong again.
        guard (200..<300).contains(answer.status) else { return answer.status == 400 }
        for entry in JSONText.read(answer.body)?["answers"]?.array ?? [] {
            guard let connection = entry["connection"]?.integer, connection >= 0 else { continue }
            let frames = (entry["frames"]?.array ?? []).compactMap { try? ControlFrame($0) }
            tunnel.post(
                .answer(connection: UInt64(connection), frames, closes: entry["close"]?.bool ?? false))
        }
        return true
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
