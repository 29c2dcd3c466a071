/// What sessions are given of an issuer's tokens, and no more than that.
package struct NotebookGrant: Hashable, Sendable {
    /// What an access token for a session may be good for.
    package var scopes: [String]
    /// For whom it is: logical names, and URLs of resources (RFC 8693 2.1, RFC 8707 2). Empty: the issuer decides.
    package var audiences: [String]
    package var resources: [String]
    package var exchange: Exchange
    /// Whether this is the token that programs find by themselves, where several issuers give one.
    package var isDefault: Bool

    /// Whether the token comes by token exchange (RFC 8693), or else by a refresh with fewer scopes.
    package enum Exchange: String, Sendable, CaseIterable {
        /// What the issuer's discovery document says.
        case auto
        case yes
        case no
    }

    package init(
        scopes: [String], audiences: [String] = [], resources: [String] = [], exchange: Exchange = .auto,
        isDefault: Bool = false
    ) {
        self.scopes = scopes
        self.audiences = audiences
        self.resources = resources
        self.exchange = exchange
        self.isDefault = isDefault
    }

    /// What of `scopes` goes beyond the grant, in alphabetical order.
    ///
    /// A scope is within another if it is the same, or if both are the same word with paths behind a colon (WLCG 1.x,
    /// SciTokens) and its path lies within the other's: `storage.read:/a/b` within `storage.read:/a`, `/ab` not.
    package func excess(in scopes: some Sequence<String>) -> [String] {
        Set(scopes).filter { scope in !self.scopes.contains { Self.isWithin(scope, $0) } }.sorted()
    }

    private static func isWithin(_ scope: String, _ granted: String) -> Bool {
        if scope.utf8.elementsEqual(granted.utf8) { return true }
        let (own, other) = (split(scope), split(granted))
        guard let path = own.path, let root = other.path, own.word.utf8.elementsEqual(other.word.utf8) else {
            return false
        }
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.hasPrefix("/"), !names.contains(".."), !names.contains("."),
            !names.dropFirst().dropLast().contains("")
        else { return false }
        let base = root.hasSuffix("/") ? Array(root.utf8) : Array(root.utf8) + [UInt8(ascii: "/")]
        return path.utf8.starts(with: base)
    }

    private static func split(_ scope: String) -> (word: Substring, path: Substring?) {
        let parts = scope.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return (parts[0], parts.count == 2 ? parts[1] : nil)
    }
}
