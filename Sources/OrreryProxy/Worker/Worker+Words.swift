internal import OrreryWire

/// While somebody converses over a tunnel, as a notebook's kernel does, the downloads of others that come in bursts, as one
/// does that a link bounds, move in smaller portions: a key press waits for 32 KiB of them, and not for the whole burst.
/// An agent does the same (docs/benchmarks.md, "Registered clusters").
extension Worker {
    /// How much of a burst others may have to wait for.
    static var sharedPortion: Int { 2 * TLSEngine.record }
    /// After so many turns without a pause a download is bound by us, and what a GiB costs counts.
    private static var burst: UInt8 { 12 }
    /// What is a word and no download.
    private static var word: Int { 4 << 10 }
    /// So many words in a row are a conversation.
    private static var conversation: UInt8 { 3 }
    /// For how many milliseconds after a word another one is to be expected.
    private static var wordMemory: UInt64 { 1000 }

    /// Whether this client's bytes should leave room for somebody else's words.
    @inline(__always) mutating func sharesTurn(_ client: UInt32) -> Bool {
        now.monotonic < lastWord + Self.wordMemory && lastWordOf != client && slots[client].streak < Self.burst
    }

    /// So many bytes came over the client's tunnel, from one side or the other.
    mutating func listen(to count: Int, of client: UInt32) {
        guard count <= Self.word else { return slots[client].words = 0 }
        slots[client].words = min(slots[client].words, .max - 1) + 1
        if slots[client].words >= Self.conversation { (lastWord, lastWordOf) = (now.monotonic, client) }
    }
}
