import OrreryModel

// The claims that every kind of token has (RFC 7519 4.1), read by one rule each. A rule that is broken is thrown as a clause
// for the log.
extension JSON {
    /// `iss` is a configured spelling, byte for byte.
    func checkIssuer(_ issuer: IssuerConfiguration) throws(ClaimOffence) {
        guard let name = self["iss"]?.string, issuer.isSpelling(name) else {
            throw ClaimOffence("iss is not the issuer")
        }
    }

    /// The audiences: a text, or a list of nothing but texts.
    var audiences: [String]? {
        switch self["aud"] {
        case .string(let name): return [name]
        case .array(let values):
            let names = values.compactMap(\.string)
            return names.count == values.count ? names : nil
        default: return nil
        }
    }

    /// `aud` is `client` alone. A token that names others too is theirs to replay here.
    func checkAudience(only client: String) throws(ClaimOffence) {
        guard let audiences, audiences.count == 1, audiences[0].utf8.elementsEqual(client.utf8) else {
            throw ClaimOffence("aud is not us alone")
        }
    }

    /// `sub`, when it can be a person's.
    func subject(notClient client: String) throws(ClaimOffence) -> String {
        guard let subject = self["sub"]?.string, subject.isIdentifier else {
            throw ClaimOffence("sub is not a text of 1 to 255 ASCII characters")
        }
        // RFC 9068 5: a client that speaks for itself has its id as subject; WLCG profile 1.3: a machine's begins so.
        guard subject != client else { throw ClaimOffence("sub is our own client id") }
        guard !subject.hasPrefix("host:") else { throw ClaimOffence("sub is a machine's") }
        return subject
    }
}

extension String {
    /// Whether this can be the name of somebody or something in a token: 1 to 255 printable ASCII characters.
    var isIdentifier: Bool {
        (1...255).contains(utf8.count) && utf8.allSatisfy { (0x20..<0x7f).contains($0) }
    }
}
