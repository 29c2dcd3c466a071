import OrreryDocument

/// A document as lines of Unicode scalars, the way its places count, so that a word of it can be replaced and all the rest
/// stays as it is: comments, quotes, and the ends of lines.
struct DocumentLines {
    private var lines: [[Unicode.Scalar]]

    init(_ text: String) {
        lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    }

    var text: String {
        var scalars = String.UnicodeScalarView()
        for (index, line) in lines.enumerated() {
            if index > 0 { scalars.append("\n") }
            scalars.append(contentsOf: line)
        }
        return String(scalars)
    }

    func character(at place: Place) -> Unicode.Scalar? {
        guard lines.indices.contains(place.line - 1) else { return nil }
        let line = lines[place.line - 1]
        return line.indices.contains(place.column - 1) ? line[place.column - 1] : nil
    }

    /// Puts `word` in the place of the word that begins at `place`. Quotes stay as they were.
    mutating func replaceWord(at place: Place, with text: String) {
        guard let range = word(at: place) else { return }
        let first = lines[place.line - 1][range.lowerBound]
        let quote = Self.quotes.contains(first) ? [first] : []
        lines[place.line - 1].replaceSubrange(range, with: quote + Array(text.unicodeScalars) + quote)
    }

    /// Puts `key: value` after the word at `place`: behind a comma in braces, else on a line of its own with the same
    /// indentation and the same end.
    mutating func insert(_ key: String, _ value: String, after place: Place, isFlow: Bool) {
        guard let range = word(at: place) else { return }
        if isFlow {
            lines[place.line - 1].insert(contentsOf: Array(", \(key): \(value)".unicodeScalars), at: range.upperBound)
            return
        }
        let line = lines[place.line - 1]
        let indentation = line.prefix { $0 == " " }
        let end: [Unicode.Scalar] = line.last == "\r" ? ["\r"] : []
        lines.insert(indentation + Array("\(key): \(value)".unicodeScalars) + end, at: place.line)
    }

    private static let quotes: Set<Unicode.Scalar> = ["\"", "'"]

    /// The word at `place` with its quotes. Image names and digests have no blank, no comma and no brace.
    private func word(at place: Place) -> Range<Int>? {
        guard let first = character(at: place) else { return nil }
        let line = lines[place.line - 1]
        let start = place.column - 1
        if Self.quotes.contains(first) {
            return line[(start + 1)...].firstIndex(of: first).map { start..<($0 + 1) }
        }
        let end = line[start...].firstIndex { [" ", "\t", "\r", ",", "}"].contains($0) }
        return start..<(end ?? line.count)
    }
}
