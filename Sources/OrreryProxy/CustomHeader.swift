/// A field that every request to a target has, in place of the client's of the same name.
package struct CustomHeader: Sendable, Equatable {
    package let name: String
    package let value: String

    package enum Outcome: Sendable, Equatable {
        case field(CustomHeader)
        case refused(String)
    }

    /// These say how a message is framed and what becomes of its connection: not for an option to say.
    private static let ours: Set<String> = [
        "connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding",
        "upgrade",
    ]

    /// The field in `name: value`; blanks around both are not part of them.
    package static func read(_ text: String) -> Outcome {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
            return .refused("A colon was expected in custom header: \(text)")
        }
        let name = trimmed(text[..<colon])
        let value = trimmed(text[text.index(after: colon)...])
        guard !name.isEmpty, name.utf8.allSatisfy(isToken) else {
            return .refused("--custom-header: \(name) cannot be the name of a field")
        }
        guard value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 }), value.utf8.count <= 4096 else {
            return .refused("--custom-header: the value of \(name) has control characters or is longer than 4096 bytes")
        }
        guard !ours.contains(name.lowercased()) else {
            return .refused("--custom-header: \(name) belongs to the connection and cannot be set")
        }
        return .field(CustomHeader(name: name, value: value))
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// RFC 9110 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
