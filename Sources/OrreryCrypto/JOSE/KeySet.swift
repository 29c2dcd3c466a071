import OrreryModel

/// The public keys that an issuer publishes (RFC 7517 5). A set is valid or not as a whole; keys in it that are not for
/// us are passed over, so that an issuer may add a new kind without locking everybody out.
package struct KeySet: Sendable {
    private let usable: [VerificationKey]
    private let named: [String: VerificationKey]
    /// Names that more than one usable key carries: we cannot tell which is meant, so neither is used.
    package let ambiguousNames: Set<String>

    /// Most keys that a set may have.
    static let limit = 64

    /// Throws `.key` or `.json` for anything but an object with at most 64 `keys` of which at least one is usable, and for
    /// a set that gives away private numbers: whoever published those has lost them.
    package init(_ bytes: [UInt8]) throws(CryptoError) {
        guard let entries = try JSON(strict: bytes)["keys"]?.array else {
            throw CryptoError(.key, "the key set has no list of keys")
        }
        guard entries.count <= Self.limit else {
            throw CryptoError(.key, "the key set has more than \(Self.limit) keys")
        }
        guard !entries.contains(where: Self.isPrivate) else {
            throw CryptoError(.key, "the key set gives away a private key")
        }
        usable = entries.compactMap { entry in try? VerificationKey(jwk: entry) }
        guard !usable.isEmpty else { throw CryptoError(.key, "the key set has no key that we can use") }
        let groups = Dictionary(grouping: usable.filter { $0.id != nil }) { $0.id ?? "" }
        named = groups.compactMapValues { $0.count == 1 ? $0[0] : nil }
        ambiguousNames = Set(groups.filter { $0.value.count > 1 }.keys)
    }

    /// Whether an entry, other than a symmetric one, has a member that only the issuer may know.
    private static func isPrivate(_ entry: JSON) -> Bool {
        entry["kty"] != "oct" && ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"].contains { entry[$0] != nil }
    }

    /// The key for `token`: the one it names, or, when it names none, the only one in the set that fits its algorithm.
    /// Throws `.unknownKey` when a newer set may have it.
    package func key(for token: SignedToken) throws(CryptoError) -> VerificationKey {
        if let id = token.keyID {
            if let key = named[id] { return key }
            guard !ambiguousNames.contains(id) else {
                throw CryptoError(.key, "two keys of the set have the token's kid")
            }
            throw CryptoError(.unknownKey, "no key of the set has the token's kid")
        }
        let fitting = usable.filter { $0.algorithms.contains(token.algorithm) }
        guard fitting.count < 2 else { throw CryptoError(.key, "the token names no key and several fit") }
        guard let key = fitting.first else {
            throw CryptoError(.unknownKey, "no key of the set fits the token's algorithm")
        }
        return key
    }
}
