import OrreryFetch
import OrreryModel

extension IssuerConfiguration {
    /// Whether a login through this issuer brings groups.
    var saysGroups: Bool { groupsClaim != nil || (type == .gitHub && scopes.contains("read:org")) }

    /// What is wrong with this configuration by itself, as a clause for its author; nil when nothing is. The claim and
    /// scopes are checked at the issuer only.
    package var problem: String? {
        if label.isEmpty || !label.utf8.allSatisfy(isLabelByte) {
            return "an issuer's label has lower-case letters, digits and hyphens"
        }
        if !WebAddress.isAcceptable(issuer, beside: issuer) {
            return "an issuer is an https URL; http is for loopback addresses only"
        }
        if client.isEmpty { return "the client id is empty" }
        switch type {
        case .openID: return scopes.contains("openid") ? problemOfNotebook : "the scopes must contain openid"
        case .gitHub: return problemOfGitHub
        }
    }

    /// Where its names may lead. An issuer on loopback is one of a demo or a test on one machine.
    var reach: FetchRequest.Reach {
        WebAddress.isOnLoopback(issuer) ? .anywhere : isPrivate ? .networks : .publicNetworks
    }

    /// A refresh gives none but scopes of the login.
    private var problemOfNotebook: String? {
        guard let notebook, notebook.exchange == .no else { return nil }
        let more = notebook.scopes.filter { !scopes.contains($0) }
        return more.isEmpty
            ? nil
            : "without token exchange a session gets scopes of the login only, and `login.scopes` has no "
                + more.joined(separator: " ")
    }

    private var problemOfGitHub: String? {
        if secret == nil { return "a client of type github has a secret" }
        if issuer.hasSuffix("/") { return "the URL of a GitHub has no slash at the end" }
        // It says nothing about how somebody logged in there.
        return requirement == Requirement() ? nil : "an issuer of type github says nothing that `require` could ask for"
    }

    /// Whether `text` is one of the configured spellings, byte for byte.
    func isSpelling(_ text: String) -> Bool {
        ([issuer] + also).contains { $0.utf8.elementsEqual(text.utf8) }
    }
}

extension [IssuerConfiguration] {
    /// What is wrong with these issuers beside each other, as a clause for their author; nil when nothing is. One URL
    /// under two labels would be one person with the groups of two.
    package var problem: String? {
        var labels: [String: String] = [:]
        for issuer in self {
            for spelling in Set([issuer.issuer] + issuer.also) {
                if let other = labels.updateValue(issuer.label, forKey: spelling) {
                    return "`\(other)` and `\(issuer.label)` are the same issuer, \(spelling)"
                }
            }
        }
        let defaults = filter { $0.notebook?.isDefault == true }.map(\.label)
        return defaults.count < 2 ? nil : "only one issuer's `notebook` is the default, not \(defaults)"
    }
}

private func isLabelByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
    default: false
    }
}
