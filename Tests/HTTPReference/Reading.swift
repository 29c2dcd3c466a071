/// What a slow and obvious reader makes of some bytes. It is written straight from the grammar of RFC 9110 and 9112, with
/// arrays and no thought of speed, so that the parser has something to be compared with.
package enum Reading<Message: Equatable & Sendable>: Equatable, Sendable {
    case whole(Message)
    /// The end of it has not come.
    case unfinished
    /// It may be refused with any of these: a message can have more than one fault.
    case refused(Set<Int>)
}

package typealias Bytes = [UInt8]

/// The bytes of a text.
package func bytes(_ text: String) -> Bytes { Array(text.utf8) }

extension Bytes {
    /// The parts between the places where `separator` stands, from the left.
    func split(at separator: String) -> [Bytes] {
        let separator = bytes(separator)
        var parts: [Bytes] = [[]]
        var index = 0
        while index < count {
            if self[index...].starts(with: separator) {
                parts.append([])
                index += separator.count
            } else {
                parts[parts.count - 1].append(self[index])
                index += 1
            }
        }
        return parts
    }

    /// Where `other` begins first.
    func place(of other: String) -> Int? {
        let other = bytes(other)
        return indices.first { self[$0...].starts(with: other) }
    }

    /// Without spaces and tabs at both ends.
    var trimmed: Bytes {
        var rest = self[...]
        while let first = rest.first, first.isBlank { rest.removeFirst() }
        while let last = rest.last, last.isBlank { rest.removeLast() }
        return Bytes(rest)
    }

    /// Letters of ASCII in lower case.
    package var lowered: Bytes { map { (65...90).contains($0) ? $0 + 32 : $0 } }
    package func `is`(_ word: String) -> Bool { lowered == bytes(word) }
    var isToken: Bool { !isEmpty && allSatisfy(\.isTokenCharacter) }
    /// The elements of a list, without the empty ones.
    package var elements: [Bytes] { split(at: ",").map(\.trimmed).filter { !$0.isEmpty } }
}

extension UInt8 {
    var isBlank: Bool { self == 9 || self == 32 }
    var isDigit: Bool { (48...57).contains(self) }
    var isLetter: Bool { (65...90).contains(self) || (97...122).contains(self) }
    var isHexDigit: Bool { isDigit || (65...70).contains(self) || (97...102).contains(self) }
    /// RFC 9110 5.6.2.
    var isTokenCharacter: Bool { isLetter || isDigit || bytes("!#$%&'*+-.^_`|~").contains(self) }
    /// RFC 9110 5.5: what may be in a field, blanks included.
    var isText: Bool { self == 9 || (self >= 32 && self != 127) }
}
