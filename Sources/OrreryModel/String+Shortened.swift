extension String {
    /// Its first `most` bytes, in whole characters, and a mark where something is left out.
    package func shortened(to most: Int) -> String {
        guard utf8.count > most else { return self }
        var end = utf8.index(startIndex, offsetBy: most)
        while utf8[end] & 0b1100_0000 == 0b1000_0000 { end = utf8.index(before: end) }
        return String(self[..<end]) + "…"
    }
}
