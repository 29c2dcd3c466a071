/// What a running session shows that its person may not see any more.
package struct Withdrawal: Hashable, Sendable {
    /// The names of the filesets, in alphabetical order; not empty.
    package let filesets: [String]
    /// The session ends for it, after a warning. Otherwise its person is told, and keeps them until it ends.
    package let isEnding: Bool

    package init(filesets: [String], isEnding: Bool) {
        self.filesets = filesets.sorted()
        self.isEnding = isEnding
    }
}
