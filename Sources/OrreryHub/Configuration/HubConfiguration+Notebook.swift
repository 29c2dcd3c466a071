import OrreryDocument
import OrreryIdentity

extension HubConfiguration {
    /// What sessions carry besides the tokens of issuers: tokens that the hub itself signs.
    package struct Notebook: Hashable, Sendable {
        /// For whom the hub's own bearer token is; empty: there is none.
        package var audiences: [String] = []
        package var life: Duration = WorkloadToken.longestLife
        package var s3: ObjectStorage?

        package init() {}
    }

    /// Object storage that takes a token of the hub for credentials (`AssumeRoleWithWebIdentity`).
    package struct ObjectStorage: Hashable, Sendable {
        /// The role of every session; nil where only a fileset with `deliver: s3` gives one.
        package var role: String?
        package var audience: String
        /// Where the buckets are; nil for what the client takes without being told.
        package var endpoint: String?
        /// Where the credentials are given.
        package var service: String?
        package var region: String
    }

    /// Reads `notebook`.
    ///
    /// | key | default | meaning |
    /// |---|---|---|
    /// | `audience` | no token | for whom the hub's own token is: a text or a list |
    /// | `life` | `1h` | how long a token of the hub is good; a minute to an hour |
    /// | `s3.role` | by filesets | the role of every session: `arn:aws:iam::123456789012:role/notebooks` |
    /// | `s3.audience` | `sts.amazonaws.com` | for whom the token is that is shown for it |
    /// | `s3.endpoint` | the client's | the URL of the buckets |
    /// | `s3.sts` | the client's | the URL of the service that gives the credentials |
    /// | `s3.region` | `us-east-1` | the region |
    static func notebook(_ node: DocumentNode?) throws(DocumentError) -> Notebook {
        var notebook = Notebook()
        guard let node else { return notebook }
        let keys = try node.mapping(["audience", "life", "s3"])
        notebook.audiences = try keys["audience"].map(audiences) ?? []
        if let life = keys["life"] {
            notebook.life = try life.duration()
            guard notebook.life >= .seconds(60), notebook.life <= WorkloadToken.longestLife else {
                throw life.error("a token of the hub is good for a minute to an hour")
            }
        }
        notebook.s3 = try keys["s3"].map(objectStorage)
        return notebook
    }

    private static func objectStorage(_ node: DocumentNode) throws(DocumentError) -> ObjectStorage {
        let keys = try node.mapping(["role", "audience", "endpoint", "sts", "region"])
        if let role = keys["role"], try role.string().wholeMatch(of: /arn:[^:\s]+:iam::[^:\s]*:role\/\S+/) == nil {
            throw role.error("a role such as arn:aws:iam::123456789012:role/notebooks is wanted here")
        }
        return ObjectStorage(
            role: try keys["role"]?.string(), audience: try keys["audience"]?.string() ?? "sts.amazonaws.com",
            endpoint: try keys["endpoint"].map(baseURL), service: try keys["sts"].map(baseURL),
            region: try keys["region"]?.string() ?? "us-east-1")
    }

    /// A text, or a list of some; none of them empty.
    static func audiences(_ node: DocumentNode) throws(DocumentError) -> [String] {
        let names: [String]
        if let word = node.word { names = [word] } else { names = try texts(node) }
        guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty && !$0.contains(where: \.isWhitespace) }) else {
            throw node.error("an audience is a text without spaces, such as https://data.example.org")
        }
        return names
    }
}
