extension StringProtocol {
    /// Whether both have the same bytes. Swift's `==` takes two spellings of one letter for equal, which are two texts to
    /// whoever said them: what comes from outside is compared by this.
    package func isExactly(_ other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension String {
    /// The same of two whole texts, which are compared as they lie in memory.
    package func isExactly(_ other: String) -> Bool {
        let isEqual = unsafe utf8.withContiguousStorageIfAvailable { own in
            unsafe other.utf8.withContiguousStorageIfAvailable { unsafe own.elementsEqual($0) }
        }
        return (isEqual ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}

extension Sequence where Element: StringProtocol {
    /// Whether one of these has the same bytes as `text`.
    package func containsExactly(_ text: some StringProtocol) -> Bool { contains { $0.isExactly(text) } }
}
