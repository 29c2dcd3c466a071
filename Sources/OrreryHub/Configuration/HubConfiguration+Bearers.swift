import OrreryDocument
import OrreryIdentity

extension HubConfiguration {
    /// Reads `api` of an issuer.
    ///
    /// | key | default | meaning |
    /// |---|---|---|
    /// | `audience` | `url` | what its access tokens must have been made for |
    /// | `any_audience` | `false` | whether one that says it is for everybody will do |
    static func bearerTrust(_ node: DocumentNode, url: PublicURL) throws(DocumentError) -> BearerTrust {
        let keys = try node.mapping(["audience", "any_audience"])
        let audience = try keys["audience"]?.string() ?? url.origin
        guard !audience.isEmpty else { throw keys.node.error("the audience is empty") }
        return BearerTrust(audience: audience, allowsEverybodys: try keys["any_audience"]?.bool() ?? false)
    }
}
