package import OrreryModel

/// A value written as YAML that people read and every reader takes for the same value: block style, `apiVersion`, `kind` and
/// names first, every other key in alphabetical order, scripts as they are.
package struct YAMLText: CustomStringConvertible {
    package let description: String

    package init(_ value: JSON) {
        var text = ""
        Self.write(value, indentation: 0, to: &text)
        description = text
    }

    /// Several documents in one file.
    package init(documents: [JSON]) {
        description = documents.map { Self($0).description }.joined(separator: "---\n")
    }

    private static func write(_ value: JSON, indentation: Int, to text: inout String) {
        switch value {
        case .object(let members) where !members.isEmpty:
            for (index, key) in sorted(members.keys).enumerated() {
                if index > 0 || text.isEmpty || text.hasSuffix("\n") { text += blanks(indentation) }
                text += scalar(key) + ":"
                writeInner(members[key] ?? .null, indentation: indentation, to: &text)
            }
        case .array(let values) where !values.isEmpty:
            for value in values {
                text += blanks(indentation) + "-"
                switch value {
                case .object(let members) where !members.isEmpty:
                    text += " "
                    write(value, indentation: indentation + 2, to: &text)
                default: writeInner(value, indentation: indentation, to: &text)
                }
            }
        default: text += leaf(value, indentation: indentation) + "\n"
        }
    }

    /// What stands behind a key or a dash: on the same line, or below it and further in.
    private static func writeInner(_ value: JSON, indentation: Int, to text: inout String) {
        switch value {
        case .object(let members) where !members.isEmpty:
            text += "\n"
            write(value, indentation: indentation + 2, to: &text)
        case .array(let values) where !values.isEmpty:
            text += "\n"
            write(value, indentation: indentation + 2, to: &text)
        default: text += " " + leaf(value, indentation: indentation) + "\n"
        }
    }

    private static func leaf(_ value: JSON, indentation: Int) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let text) where isScript(text): script(text, indentation: indentation + 2)
        case .string(let text): scalar(text)
        case .array: "[]"
        case .object: "{}"
        }
    }

    /// Whether the block form keeps it: lines, the last with its end, and nothing that the form would change.
    private static func isScript(_ text: String) -> Bool {
        text.hasSuffix("\n") && text.count > 1 && !text.hasPrefix(" ") && !text.hasPrefix("\n")
            && !text.hasSuffix("\n\n")
            && text.unicodeScalars.allSatisfy { $0 == "\n" || $0 >= " " && $0 != "\u{7F}" }
    }

    private static func script(_ text: String, indentation: Int) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return "|\n" + lines.map { $0.isEmpty ? "" : blanks(indentation) + $0 }.joined(separator: "\n")
    }

    /// Without quotes where nobody can take it for anything but text; else as JSON writes it, which YAML reads too.
    private static func scalar(_ text: String) -> String {
        let words: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        let isPlain = text.wholeMatch(of: /[A-Za-z\/][A-Za-z0-9_.\/-]*/) != nil && !words.contains(text.lowercased())
        return isPlain ? text : quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        let inner = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\t": "\\t"
            case _ where scalar.value < 32 || (0x7F...0x9F).contains(scalar.value):
                "\\x" + String(scalar.value + 0x100, radix: 16).suffix(2)
            default: String(scalar)
            }
        }
        return "\"" + inner.joined() + "\""
    }

    private static func sorted(_ keys: some Sequence<String>) -> [String] {
        let first = ["apiVersion", "kind", "metadata", "name", "namespace"]
        return keys.sorted { left, right in
            switch (first.firstIndex(of: left), first.firstIndex(of: right)) {
            case (let left?, let right?): left < right
            case (nil, nil): left < right
            case (let left, _): left != nil
            }
        }
    }

    private static func blanks(_ count: Int) -> String { String(repeating: " ", count: count) }
}
