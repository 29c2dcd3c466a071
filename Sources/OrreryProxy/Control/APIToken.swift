internal import OrreryModel

/// The token of the REST interface, as bytes to compare with.
struct APIToken {
    private let bytes: [UInt8]

    init(_ token: Secret) { bytes = Array(token.reveal().utf8) }

    /// Whether `Authorization` is `token <the token>` and nothing else.
    func isSaid(in authorization: String?) -> Bool {
        guard let words = authorization?.split(separator: " "), words.count == 2, words[0] == "token" else {
            return false
        }
        return isSame(Array(words[1].utf8))
    }

    /// Whether the value of a field is `Bearer <the token>`.
    func isBearer(_ value: Span<UInt8>) -> Bool {
        let scheme = Array("bearer ".utf8)
        guard value.count > scheme.count, scheme.indices.allSatisfy({ value[$0].lowercased == scheme[$0] }) else {
            return false
        }
        return isSame((scheme.count..<value.count).map { value[$0] })
    }

    /// Takes the same time wherever the first difference is, so that a token cannot be guessed byte by byte.
    private func isSame(_ said: [UInt8]) -> Bool {
        var difference = said.count ^ bytes.count
        for (index, byte) in said.enumerated() {
            difference |= Int(byte ^ (bytes.isEmpty ? 1 : bytes[index % bytes.count]))
        }
        return difference == 0
    }
}
