/// A watch that a client has open: what the upstream sends and what a test puts in between come together here.
final class OpenWatch: Sendable {
    enum Piece: Sendable {
        /// A line of the upstream, without its end.
        case line([UInt8])
        /// Whatever a test wants the client to read.
        case bytes([UInt8])
        case end(Fault.End)
    }

    let request: Incoming
    let pieces: AsyncStream<Piece>
    private let feed: AsyncStream<Piece>.Continuation

    init(_ request: Incoming) {
        self.request = request
        (pieces, feed) = AsyncStream.makeStream(of: Piece.self)
    }

    func send(_ piece: Piece) { feed.yield(piece) }
}
