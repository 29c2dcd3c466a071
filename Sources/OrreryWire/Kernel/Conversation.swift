/// Who converses over one of a loop's connections, as somebody does whose notebook's kernel answers each key. While they do, the
/// downloads of others that come in bursts, as one does that a link bounds, move in smaller portions: a key press waits for 32 KiB
/// of them, and not for the whole burst. Proxy and agent go by the same rule (docs/benchmarks.md, "Registered clusters").
///
/// In every turn of every connection, so all of it is inlined. Concurrency: belongs to one thread.
public struct Conversation: Sendable {
    /// When it had a word last, and on which connection.
    @usableFromInline var last: UInt64 = 0
    @usableFromInline var connection: UInt32 = .max

    @inlinable public init() {}

    /// How much of a burst others may have to wait for: two records of TLS.
    @inlinable public static var portion: Int { 32 << 10 }
    /// What is a word and no download.
    @inlinable static var word: Int { 4 << 10 }
    /// So many words in a row are a conversation: the question for a download is a small one, too, and so is its last piece.
    @inlinable static var least: UInt8 { 3 }
    /// For how many milliseconds after a word another one is to be expected.
    @inlinable static var memory: UInt64 { 1000 }
    /// After so many turns without a pause a download is bound by us, and what a GiB costs counts: in short portions it is a third
    /// more.
    @inlinable static var burst: UInt8 { 12 }

    /// A message of so many bytes has come over `connection`, one way or the other, after so many small ones in a row: how many
    /// these are now.
    @inlinable public mutating func listen(
        to count: Int, of connection: UInt32, after words: UInt8, at now: UInt64
    ) -> UInt8 {
        guard count <= Self.word else { return 0 }
        let words = min(words, .max - 1) + 1
        if words >= Self.least { (last, self.connection) = (now, connection) }
        return words
    }

    /// Whether `connection` should leave room for somebody else's words. `streak` is in how many turns in a row there was more of
    /// it to move than a turn allows.
    @inlinable public func wantsRoom(beside connection: UInt32, streak: UInt8, at now: UInt64) -> Bool {
        now < last + Self.memory && self.connection != connection && streak < Self.burst
    }
}
