import OrreryDocument
import OrreryIdentity

extension HubConfiguration {
    /// Reads `notebook` of an issuer: what sessions get of its tokens.
    ///
    /// | key | default | meaning |
    /// |---|---|---|
    /// | `scope` | required | what the token may be good for: scopes with spaces between them, or a list |
    /// | `audience` | the issuer's choice | for whom it is: a text or a list |
    /// | `resource` | none | the same as URLs (RFC 8707) |
    /// | `exchange` | `auto` | whether it comes by token exchange (RFC 8693): `auto`, `yes` or `no` |
    /// | `default` | `false` | whether it is the one that programs find by themselves |
    static func notebookGrant(_ node: DocumentNode) throws(DocumentError) -> NotebookGrant {
        let keys = try node.mapping(["scope", "audience", "resource", "exchange", "default"])
        var grant = NotebookGrant(scopes: try scopes(keys.required("scope")))
        if let audience = keys["audience"] { grant.audiences = try audiences(audience) }
        if let resource = keys["resource"] { grant.resources = try audiences(resource) }
        if let exchange = keys["exchange"] {
            let name = try exchange.name(among: NotebookGrant.Exchange.allCases.map(\.rawValue), kind: "exchange")
            grant.exchange = NotebookGrant.Exchange(rawValue: name) ?? .auto
        }
        if let isDefault = keys["default"] { grant.isDefault = try isDefault.bool() }
        return grant
    }

    private static func scopes(_ node: DocumentNode) throws(DocumentError) -> [String] {
        let names: [String]
        if let word = node.word { names = word.split(separator: " ").map(String.init) } else { names = try texts(node) }
        guard !names.isEmpty, !names.contains(where: { $0.isEmpty || $0.contains(" ") }) else {
            throw node.error("the scopes of a session's token are wanted here: \"storage.read:/\"")
        }
        if names.contains("offline_access") {
            throw node.error("sessions never renew their tokens themselves: no `offline_access`")
        }
        return names
    }
}
