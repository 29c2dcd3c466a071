/// A spot in a document: where somebody has to put the cursor to change a value.
package struct Place: Hashable, Sendable {
    /// The document's path as it was given to `DocumentNode.read` or `parse`.
    package let file: String
    /// From 1.
    package let line: Int
    /// From 1, counted in Unicode scalars.
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

extension Place: CustomStringConvertible {
    /// `orrery.yaml:12:3`, the form that editors and terminals turn into a link.
    package var description: String { "\(file):\(line):\(column)" }
}
