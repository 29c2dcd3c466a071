/// The rule for names of people: `^[a-z][a-z0-9-]{0,29}[a-z0-9]$` and none of the reserved ones.
enum PersonName {
    /// Names to try in turn for somebody whose issuer suggests `suggestion`: what is left of it under the rule, then with `-2`
    /// to `-9` behind it, and then with letters that nobody else has, however many there are of that name. A name is a label
    /// only, so two suggestions that become equal are two people.
    static func candidates(for suggestion: String?) -> [String] {
        let base = normalised(suggestion ?? "") ?? "person"
        let tails = (2...9).map { "-\($0)" } + (1...8).map { _ in "-\(letters())" }
        return ([base] + tails.map { base.prefix(31 - $0.count).trimmingHyphens + $0 }).filter(isValid)
    }

    /// Five of those that make no words: two and a half million ways.
    private static func letters() -> String {
        String((1...5).compactMap { _ in "bcdfghjkmnpqrstvwxz".randomElement() })
    }

    static func isValid(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (2...31).contains(bytes.count), !isReserved(name), let first = bytes.first, let last = bytes.last
        else { return false }
        let isLetter: (UInt8) -> Bool = { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        let isDigit: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return isLetter(first) && (isLetter(last) || isDigit(last))
            && bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    // The part before an `@`, in lower case, every other character as a hyphen.
    private static func normalised(_ text: String) -> String? {
        let name = text.prefix { $0 != "@" }.lowercased()
        let kept = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
        let trimmed = String(kept.drop { !$0.isLetter }.prefix(31)).trimmingHyphens
        return trimmed.utf8.count < 2 || trimmed.hasPrefix("kube-") ? nil : trimmed
    }

    // Kubernetes keeps `kube-…` for itself.
    private static func isReserved(_ name: String) -> Bool { reserved.contains(name) || name.hasPrefix("kube-") }

    /// Words that mean something in paths, in `/etc/passwd` or to people.
    private static let reserved: Set<String> = [
        "admin", "administrator", "api", "daemon", "everyone", "hub", "nobody", "operator", "orrery", "root", "shared",
        "static", "system",
    ]
}

extension StringProtocol {
    fileprivate var trimmingHyphens: String {
        var text = String(self)
        while text.hasSuffix("-") { text.removeLast() }
        return text
    }
}
