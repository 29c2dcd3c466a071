/// An answer whose head has arrived and whose body is still coming, in chunks of whatever size the network gave.
///
/// At most about 256 KiB are buffered; beyond that the transfer is paused, and with it the sender. Cancelling the task
/// that reads, or dropping the stream and its iterator, ends the transfer. Read it from one task, once.
package struct FetchStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = FetchError

    package let status: Int
    package let headers: FetchHeaders
    let lease: TransferLease

    package func makeAsyncIterator() -> Iterator { Iterator(lease: lease) }

    package struct Iterator: AsyncIteratorProtocol {
        let lease: TransferLease

        /// The next chunk, never empty; nil at the answer's proper end.
        package mutating func next() async throws(FetchError) -> [UInt8]? { try await lease.nextChunk() }

        package mutating func next(isolation: isolated (any Actor)?) async throws(FetchError) -> [UInt8]? {
            try await lease.nextChunk()
        }
    }
}

extension FetchStream {
    /// What is left of the body. Throws `.tooLarge` and ends the transfer when it is longer than `limit`.
    package func collect(upTo limit: Int) async throws(FetchError) -> [UInt8] {
        var body: [UInt8] = []
        var iterator = makeAsyncIterator()
        while let chunk = try await iterator.next() {
            guard body.count + chunk.count <= limit else { throw lease.transfer.tooLarge(limit) }
            body += chunk
        }
        return body
    }
}
