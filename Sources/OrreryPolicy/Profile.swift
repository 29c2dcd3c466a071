package import OrreryModel

/// A combination that some people may start: environments, sizes, filesets, and how long.
package struct Profile: Hashable, Sendable {
    package let name: String
    package let title: String
    /// A sentence for its card; nil where none is written.
    package let description: String?
    /// Whether it is the one that is taken when nobody chose. Exactly one of a policy.
    package let isDefault: Bool
    package let allow: [Audience]
    /// Names of environments; the first is the default.
    package let environments: [String]
    /// Sizes and who may take them, in the order of the document; the first that a person may take is their default.
    package let sizes: [SizeOffer]
    package let filesets: Filesets
    package let life: Plan.Life
    /// How many sessions of it there may be at a time.
    package let limit: Limit
    /// Where it may run, and where it should.
    package let clusters: Clusters
    /// What else may be chosen in it, in the order of the document.
    package let options: [Option]
    /// Variables for the session; `{cpu}` stands for the whole processors of the size's limit, at least 1.
    package let variables: [String: String]

    package struct SizeOffer: Hashable, Sendable {
        package let name: String
        package let to: [Audience]

        package init(name: String, to: [Audience]) {
            self.name = name
            self.to = to
        }
    }

    /// Which filesets a session of the profile gets, among those that the person may see at all.
    package struct Filesets: Hashable, Sendable {
        /// Without one of these the session is refused.
        package let require: Set<String>
        /// Nil for all.
        package let offer: Set<String>?

        package init(require: Set<String> = [], offer: Set<String>? = []) {
            self.require = require
            self.offer = offer
        }

        package static let all = Filesets(offer: nil)

        func include(_ fileset: Fileset) -> Bool {
            fileset.isRequired || require.contains(fileset.name) || offer?.contains(fileset.name) ?? true
        }
    }

    package init(
        name: String, title: String, description: String? = nil, isDefault: Bool = false, allow: [Audience],
        environments: [String], sizes: [SizeOffer], filesets: Filesets, life: Plan.Life, limit: Limit = Limit(),
        clusters: Clusters = Clusters(), options: [Option] = [], variables: [String: String] = [:]
    ) {
        self.name = name
        self.title = title
        self.description = description
        self.isDefault = isDefault
        self.allow = allow
        self.environments = environments
        self.sizes = sizes
        self.filesets = filesets
        self.life = life
        self.limit = limit
        self.clusters = clusters
        self.options = options
        self.variables = variables
    }
}
