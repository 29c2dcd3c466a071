extension IssuerConfiguration {
    /// What is wrong with this configuration by itself, as a clause for its author; nil when nothing is. The claim and
    /// scopes are checked at the issuer only.
    package var problem: String? {
        if label.isEmpty || !label.utf8.allSatisfy(isLabelByte) {
            return "an issuer's label has lower-case letters, digits and hyphens"
        }
        if !WebAddress.isAcceptable(issuer, beside: issuer) {
            return "an issuer is an https URL; http is for loopback addresses only"
        }
        if !scopes.contains("openid") { return "the scopes must contain openid" }
        if client.isEmpty { return "the client id is empty" }
        return nil
    }

    /// Whether `text` is one of the configured spellings, byte for byte.
    func isSpelling(_ text: String) -> Bool {
        ([issuer] + also).contains { $0.utf8.elementsEqual(text.utf8) }
    }
}

private func isLabelByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
    default: false
    }
}
