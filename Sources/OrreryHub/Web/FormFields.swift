import Foundation

/// The fields of an `application/x-www-form-urlencoded` text: a form's body or a query.
struct FormFields: Sendable {
    private let fields: [(name: String, value: String)]
    /// Whether the text can be read in only one way: every field decodes, and none stands there twice. What starts or
    /// changes something asks for this, because a field that is left out would mean the default.
    let isUnambiguous: Bool

    /// Fields whose escapes are broken are left out: they carry nothing that anybody wrote.
    init(_ text: some StringProtocol) {
        let written = text.split(separator: "&")
        fields = written.compactMap { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(parts[0]), let value = Self.decode(parts.count == 2 ? parts[1] : "") else {
                return nil
            }
            return (name, value)
        }
        isUnambiguous = Set(fields.map(\.name)).count == written.count
    }

    /// The value of `name`, if it stands there exactly once: RFC 6749 3.1 and 3.2 forbid repeating a parameter, and for
    /// our own forms a repeated field is somebody's trick.
    subscript(name: String) -> String? {
        let values = fields.filter { $0.name == name }
        return values.count == 1 ? values[0].value : nil
    }

    /// The same without what is blank around it; nil when nothing else is there.
    func text(_ name: String) -> String? {
        let text = self[name]?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        return text.isEmpty ? nil : text
    }

    /// Every field that stands there exactly once, by its name.
    var byName: [String: String] {
        Dictionary(grouping: fields, by: \.name).compactMapValues { $0.count == 1 ? $0[0].value : nil }
    }

    /// `fields` as a query, in their order.
    static func encode(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
    }

    static func encode(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    private static func decode(_ text: some StringProtocol) -> String? {
        String(text.map { $0 == "+" ? " " : $0 }).removingPercentEncoding
    }

    // RFC 3986 2.3.
    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
