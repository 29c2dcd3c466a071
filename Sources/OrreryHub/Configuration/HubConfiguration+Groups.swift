import OrreryDocument
import OrreryIdentity
import OrreryModel

extension HubConfiguration {
    /// Reads one entry of `auth.groups`.
    ///
    /// | key | default | meaning |
    /// |---|---|---|
    /// | `from` | required | issuer-qualified groups, `label:group`; `{g}` stands for one name |
    /// | `gid` | none | the POSIX group |
    /// | `gids` | none | for a rule with a hole: the POSIX group by what stands in the hole |
    /// | `require` | nothing | without it the membership sleeps; see `requirement` |
    static func groupRule(
        _ name: String, _ node: DocumentNode, issuers: [IssuerConfiguration]
    ) throws(DocumentError) -> GroupRule {
        let keys = try node.mapping(["from", "gid", "gids", "require"])
        var gids: [String: UInt32] = [:]
        for (hole, gid) in try keys["gids"]?.entries() ?? [] { gids[hole] = try number(gid) }
        let rule = GroupRule(
            name, gid: try keys["gid"].map(number), gids: gids, from: try texts(keys.required("from")),
            requirement: try keys["require"].map(requirement) ?? Requirement())
        if let problem = rule.problem(issuers: issuers) { throw node.error(problem) }
        return rule
    }

    /// Reads `require`, of an issuer or of a group. Where several keys are written, all of them hold.
    ///
    /// | key | meaning |
    /// |---|---|
    /// | `acr` | the login must have been made in one of these ways, such as `https://refeds.org/profile/mfa` |
    /// | `age` | the login at the issuer may be so old |
    /// | `assurance` | values of `eduperson_assurance`, all of them; of `IAP` a higher level will do |
    /// | `idp` | entity ids of home organisations, one of them |
    static func requirement(_ node: DocumentNode) throws(DocumentError) -> Requirement {
        let keys = try node.mapping(["acr", "age", "assurance", "idp"])
        let requirement = Requirement(
            contexts: try oneOrMore(keys["acr"]), age: try keys["age"].map(age),
            assurance: try oneOrMore(keys["assurance"]), organisations: try oneOrMore(keys["idp"]))
        guard requirement != Requirement() else { throw node.error("a requirement that requires nothing") }
        return requirement
    }

    private static func age(_ node: DocumentNode) throws(DocumentError) -> Duration {
        let age = try node.duration()
        guard age >= .seconds(60) else { throw node.error("less than a minute would be over before the login is") }
        return age
    }

    /// A text, or a list of some.
    private static func oneOrMore(_ node: DocumentNode?) throws(DocumentError) -> Set<String> {
        guard let node else { return [] }
        if let word = node.word { return [word] }
        let texts = try texts(node)
        guard !texts.isEmpty else { throw node.error("an empty list would be met by nobody") }
        return Set(texts)
    }

    private static func number(_ node: DocumentNode) throws(DocumentError) -> UInt32 {
        UInt32(try node.int(in: 1...Int(Int32.max)))
    }
}
