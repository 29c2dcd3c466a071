internal import OrreryModel

/// The forms of names, and the sentences of a real server about a name that has none of them.
enum Names {
    /// What is wrong with an object's name.
    static func subdomain(_ text: String) -> [String] {
        var sentences: [String] = []
        if text.utf8.count > 253 { sentences.append("must be no more than 253 characters") }
        if !text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel) {
            sentences.append(
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
                    + "must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
                    + "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")
        }
        return sentences
    }

    /// What is wrong with the name of a namespace, a container or a volume.
    static func label(_ text: String) -> [String] {
        var sentences: [String] = []
        if text.utf8.count > 63 { sentences.append(tooLong(63)) }
        if !isLabel(text[...]) {
            sentences.append(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
                    + "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
                    + "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")
        }
        return sentences
    }

    /// What is wrong with the key of a label or an annotation: `prefix/name` or `name`.
    static func qualified(_ text: String) -> [String] {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        var sentences: [String] = []
        if parts.count > 2 {
            return [
                "a qualified name " + qualifiedRule
                    + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ]
        }
        if parts.count == 2 {
            if parts[0].isEmpty {
                sentences.append("prefix part must be non-empty")
            } else {
                sentences += subdomain(String(parts[0])).map { "prefix part \($0)" }
            }
        }
        let name = parts[parts.count - 1]
        if name.isEmpty {
            sentences.append("name part must be non-empty")
        } else if name.utf8.count > 63 {
            sentences.append("name part " + tooLong(63))
        }
        if !isQualifiedPart(name) { sentences.append("name part " + qualifiedRule) }
        return sentences
    }

    /// What is wrong with the value of a label.
    static func labelValue(_ text: String) -> [String] {
        var sentences: [String] = []
        if text.utf8.count > 63 { sentences.append(tooLong(63)) }
        if !text.isEmpty, !isQualifiedPart(text[...]) {
            sentences.append(
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
                    + "must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
                    + "'12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')")
        }
        return sentences
    }

    /// What is wrong with the key of a Secret or ConfigMap, which becomes the name of a file.
    static func dataKey(_ text: String) -> [String] {
        if text.utf8.count > 253 { return ["must be no more than 253 characters"] }
        if text == "." { return ["must not be '.'"] }
        if text == ".." { return ["must not be '..'"] }
        guard text.isEmpty || !text.utf8.allSatisfy({ isAlphanumeric($0) || "-_.".utf8.contains($0) }) else {
            return []
        }
        return [
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
                + "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
        ]
    }

    private static func tooLong(_ limit: Int) -> String { "must be no more than \(limit) bytes" }

    private static let qualifiedRule =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
        + "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

    private static func isLabel(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
            && text.utf8.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isQualifiedPart(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerAlphanumeric(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
