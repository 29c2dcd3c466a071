import OrreryDocument
import OrreryModel

/// What the profiles of a document may refer to.
struct ProfileContext {
    let groups: GroupNames
    let filesets: Set<String>
    /// The fileset that is the home; nil while the documents have none.
    let home: String?
    let environments: Set<String>
    let sizes: Set<String>
}

/// One entry of `profiles:` in `profiles.yaml`.
///
/// | key | value | absent |
/// |---|---|---|
/// | `title`, `description` | texts for its card | the name; none |
/// | `default` | the profile that is taken when nobody chose; exactly one is | false |
/// | `allow` | list of groups, or `[everyone]` | nobody |
/// | `environments` | list of names; the first is the default | error |
/// | `sizes` | `{name: [groups]}` | error |
/// | `filesets` | `{require: [names], offer: all or none or [names]}` | only required filesets |
/// | `life` | `{max: 7d, grace: 30s, idle: 4h, warn: 30m}` | error |
/// | `limit` | `{perUser: 2, total: 800, perCluster: 400}` | any number |
/// | `clusters` | `{match: {label: value}, prefer: [home, data, headroom]}` | any cluster |
/// | `options` | `{name: {title, choices: {name: {title, env}}}}` | none |
/// | `env` | variables; `{cpu}` is filled | none |
extension Profile {
    private static let keys = [
        "title", "description", "default", "allow", "environments", "sizes", "filesets", "life", "limit", "env",
        "clusters", "options",
    ]

    init(name: String, _ node: DocumentNode, _ context: ProfileContext) throws(DocumentError) {
        let keys = try node.mapping(Self.keys, later: ["own-image"])
        let variables = try Self.variables(keys["env"])
        self.init(
            name: name,
            title: try keys["title"]?.string() ?? name,
            description: try keys["description"]?.string(),
            isDefault: try keys["default"]?.bool() ?? false,
            allow: try keys["allow"].map { node throws(DocumentError) in try context.groups.audience(node) } ?? [],
            environments: try Self.names(
                try keys.required("environments"), among: context.environments, kind: "environment", atLeast: 1),
            sizes: try Self.sizes(try keys.required("sizes"), context),
            filesets: try Filesets(keys["filesets"], in: node, context),
            life: try Plan.Life(try keys.required("life")),
            limit: try Limit(keys["limit"]),
            clusters: try Clusters(keys["clusters"], filesets: context.filesets),
            options: try Self.options(keys["options"], besides: variables),
            variables: variables)
    }

    fileprivate static func names(
        _ node: DocumentNode, among known: Set<String>, kind: String, atLeast least: Int = 0
    ) throws(DocumentError) -> [String] {
        var names: [String] = []
        for element in try node.list() {
            let name = try element.name(among: known, kind: kind)
            guard !names.contains(name) else { throw element.error("`\(name)` is written twice") }
            names.append(name)
        }
        guard names.count >= least else { throw node.error("at least one \(kind) is wanted here") }
        return names
    }

    private static func sizes(_ node: DocumentNode, _ context: ProfileContext) throws(DocumentError) -> [SizeOffer] {
        _ = try node.mapping(context.sizes.sorted())
        var offers: [SizeOffer] = []
        for (name, audience) in try node.entries() {
            offers.append(SizeOffer(name: name, to: try context.groups.audience(audience)))
        }
        guard !offers.isEmpty else { throw node.error("at least one size is wanted here") }
        return offers
    }
}

extension Profile.Filesets {
    fileprivate init(_ node: DocumentNode?, in profile: DocumentNode, _ context: ProfileContext) throws(DocumentError) {
        let keys = try node?.mapping(["require", "offer"])
        var require: [String] = []
        if let list = keys?["require"] {
            require = try Profile.names(list, among: context.filesets, kind: "fileset")
        }
        var offer: Set<String>? = []
        if let choice = keys?["offer"] {
            switch choice.word {
            case "all": offer = nil
            case "none": offer = []
            default: offer = Set(try Profile.names(choice, among: context.filesets, kind: "fileset"))
            }
        }
        self.init(require: Set(require), offer: offer)
        if let home = context.home, let offer, !offer.contains(home), !self.require.contains(home) {
            throw (node ?? profile).error("a session needs a home: require or offer the fileset `\(home)`")
        }
    }
}
