package import OrreryDocument
import OrreryModel

/// A text with holes for the person it is made for, that is not a path: the name of a Secret, a role, what a driver is told.
package struct TextTemplate: Hashable, Sendable {
    /// Fixed texts and holes in turn; there is one more text than holes.
    private let texts: [String]
    private let fillings: [PathTemplate.Hole]

    package init(_ node: DocumentNode) throws(DocumentError) {
        let text = try node.string()
        let parts = text.split(separator: "{", omittingEmptySubsequences: false)
        var texts = [String(parts[0])]
        var fillings: [PathTemplate.Hole] = []
        for part in parts.dropFirst() {
            guard let close = part.firstIndex(of: "}"), let hole = PathTemplate.Hole(rawValue: String(part[..<close]))
            else { throw node.error("`\(text)`: known holes are {user}, {uid}, {gid} and {group}") }
            fillings.append(hole)
            texts.append(String(part[part.index(after: close)...]))
        }
        guard texts.allSatisfy({ !$0.contains("}") }), !text.isEmpty,
            text.unicodeScalars.allSatisfy({ $0.value > 0x1F && $0.value != 0x7F })
        else { throw node.error("`\(text)` has a brace without its other, or a character that nobody sees") }
        self.texts = texts
        self.fillings = fillings
    }

    package var holes: Set<PathTemplate.Hole> { Set(fillings) }

    /// The text with its holes filled; nil where one has no value.
    func filled(with values: [PathTemplate.Hole: String]) -> String? {
        var filled = texts[0]
        for (hole, text) in zip(fillings, texts.dropFirst()) {
            guard let value = values[hole] else { return nil }
            filled += value + text
        }
        return filled
    }

    /// Whether every filling that two people can have differs, where it is unambiguous, too: it says whose it is.
    var isPersonal: Bool { !holes.isDisjoint(with: [.user, .uid]) }

    /// Whether no two fillings run into one text: between two holes stands what ends a number.
    var isUnambiguous: Bool {
        texts.dropFirst().dropLast().allSatisfy { text in text.utf8.contains { !(UInt8(ascii: "0")...57).contains($0) }
        }
    }

    /// Whether some filling of both makes one text. Says yes too often rather than too seldom.
    func mayEqual(_ other: TextTemplate) -> Bool {
        let (first, last) = (texts[0], texts[texts.count - 1])
        let (start, end) = (other.texts[0], other.texts[other.texts.count - 1])
        return (first.hasPrefix(start) || start.hasPrefix(first)) && (last.hasSuffix(end) || end.hasSuffix(last))
    }
}

extension TextTemplate: CustomStringConvertible {
    package var description: String {
        zip(texts, fillings.map { "{\($0.rawValue)}" } + [""]).map { $0 + $1 }.joined()
    }
}
