import Synchronization

/// How long each cluster takes to answer a small question, smoothed over the last few.
///
/// Concurrency: shared.
final class Latencies: Sendable {
    private let times = Mutex<[String: Duration]>([:])

    subscript(cluster: String) -> Duration? { times.withLock { $0[cluster] } }

    func note(_ time: Duration, of cluster: String) {
        times.withLock { times in times[cluster] = times[cluster].map { ($0 * 3 + time) / 4 } ?? time }
    }
}
