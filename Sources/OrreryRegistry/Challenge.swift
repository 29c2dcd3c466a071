/// How a registry wants to be asked, from its `WWW-Authenticate` (RFC 9110 11.6.1): the scheme and its parameters.
struct Challenge: Hashable {
    /// In lower case: `bearer`, `basic`.
    let scheme: String
    let parameters: [String: String]

    init(scheme: String, parameters: [String: String]) {
        self.scheme = scheme
        self.parameters = parameters
    }

    /// Reads one field with one challenge; registries send no more. Nil for anything else.
    init?(_ field: String) {
        var rest = field[...]
        let scheme = rest.prefix { $0.isLetter }
        rest = rest.dropFirst(scheme.count).drop(while: Self.isBlank)
        guard !scheme.isEmpty else { return nil }
        var parameters: [String: String] = [:]
        while !rest.isEmpty {
            let name = rest.prefix { $0 != "=" && $0 != "," }
            rest = rest.dropFirst(name.count)
            guard rest.first == "=", let (value, left) = Self.value(rest.dropFirst()) else { return nil }
            parameters[name.filter { !Self.isBlank($0) }.lowercased()] = value
            rest = left.drop(while: Self.isBlank)
            guard rest.isEmpty || rest.first == "," else { return nil }
            rest = rest.dropFirst().drop(while: Self.isBlank)
        }
        self.init(scheme: scheme.lowercased(), parameters: parameters)
    }

    /// A token, or a quoted text in which a backslash stands for nothing but what follows it.
    private static func value(_ text: Substring) -> (String, Substring)? {
        guard text.first == "\"" else {
            let value = text.prefix { $0 != "," && !isBlank($0) }
            return (String(value), text.dropFirst(value.count))
        }
        var value = ""
        var isEscaped = false
        var rest = text.dropFirst()
        while let character = rest.popFirst() {
            switch character {
            case _ where isEscaped:
                value.append(character)
                isEscaped = false
            case "\\": isEscaped = true
            case "\"": return (value, rest)
            default: value.append(character)
            }
        }
        return nil
    }

    private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
}
