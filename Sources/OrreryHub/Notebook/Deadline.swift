/// It took longer than it may.
struct DeadlinePassed: Error, CustomStringConvertible {
    let limit: Duration

    var description: String { "no answer within \(limit.components.seconds) s" }
}

/// What `body` gives within `limit`. After that the caller goes on with an error, and `body` ends whenever it does: what it waits
/// for may be shared with others and cannot be cancelled.
func within<Value: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let (results, result) = AsyncThrowingStream.makeStream(of: Value.self)
    Task {
        do {
            result.yield(try await body())
            result.finish()
        } catch { result.finish(throwing: error) }
    }
    let timer = Task {
        try await Task.sleep(for: limit)
        result.finish(throwing: DeadlinePassed(limit: limit))
    }
    defer { timer.cancel() }
    for try await value in results { return value }
    throw DeadlinePassed(limit: limit)
}
