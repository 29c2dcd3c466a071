/// The part of a URL that names a resource of the core group in a namespace, and its query.
///
/// Names are checked before they become a path: a name with a slash or a dot segment would reach another resource.
struct ResourcePath {
    private(set) var text: String
    private var hasQuery = false

    init(_ plural: String, in namespace: String, name: String? = nil, subresource: String? = nil)
        throws(KubernetesError)
    {
        guard Self.isName(namespace) else { throw .badRequest("\"\(namespace)\" is no name of a namespace") }
        text = "/api/v1/namespaces/\(namespace)/\(plural)"
        guard let name else { return }
        guard Self.isName(name) else { throw .badRequest("\"\(name)\" is no name of an object") }
        text += "/\(name)"
        if let subresource { text += "/\(subresource)" }
    }

    /// A namespace itself.
    init(namespace: String) throws(KubernetesError) {
        guard Self.isName(namespace) else { throw .badRequest("\"\(namespace)\" is no name of a namespace") }
        text = "/api/v1/namespaces/\(namespace)"
    }

    /// A path of the server's own, without any name in it.
    init(path: StaticString) { text = "\(path)" }

    /// Adds one parameter; nil adds none.
    mutating func add(_ parameter: String, _ value: String?) {
        guard let value else { return }
        text += "\(hasQuery ? "&" : "?")\(parameter)=\(Self.escape(value))"
        hasQuery = true
    }

    /// A DNS-1123 subdomain (RFC 1123 2.1): lower-case letters, digits, `-` and `.`, at most 253.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 253 && !text.contains("..")
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
            && text.utf8.first.map(isAlphanumeric) == true && text.utf8.last.map(isAlphanumeric) == true
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func escape(_ value: String) -> String {
        var escaped = ""
        for byte in value.utf8 {
            let isPlain =
                isAlphanumeric(byte) || isAlphanumeric(byte | 0x20) || "-._~".utf8.contains(byte)
            if isPlain {
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += "%" + (digits.count == 1 ? "0" + digits : digits)
            }
        }
        return escaped
    }
}
