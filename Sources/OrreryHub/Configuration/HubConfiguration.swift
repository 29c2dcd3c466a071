package import OrreryIdentity
package import OrreryKubernetes
package import OrreryModel
package import OrreryPolicy

/// What `orrery.yaml` says, checked: who may enter, where the hub, the proxy and the clusters are. The keys and their
/// defaults are the table at `HubConfiguration.read`.
package struct HubConfiguration: Sendable {
    package var url: PublicURL
    /// Hosts below it are this site's too; nil for the host of `url`.
    package var domain: String?
    package var listen: ListenAddress
    /// Machines in front of our proxy whose word on where a request comes from is believed.
    package var forwarders: [InternetNetwork] = []
    /// Path of the SQLite file.
    package var database: String
    /// Path of the file with the keys of stored secrets.
    package var keys: String
    /// How long the records of the audit log stay; nil for ever.
    package var auditKept: Duration?
    /// The base of the hub's REST API as servers in pods reach it, without a slash at the end.
    package var api: String
    package var proxy: Proxy
    /// Directory of the policy documents.
    package var policy: String
    package var auth: Auth
    /// In the order of the document, which is the order on pages.
    package var clusters: [Cluster]
    package var notebook = Notebook()
    /// What is said beforehand of clusters that join, by their names.
    package var expected: [String: Expected] = [:]
    /// How long a cluster that joined may be away before it counts as unreachable.
    package var away = Duration.seconds(40)
    /// Which clusters may join.
    package var admission = Admission.usual
    /// Nil where no file was read.
    package var source: Source?

    /// What each cluster is trusted with, by its name: what stands here, of one that joins and of which nothing stands here the
    /// least that it comes with, and before either what was `decided`.
    func trust(decided: [String: Set<String>]) -> [String: Set<String>] {
        expected.mapValues { _ in DataCeiling.public.words }
            .merging(written) { _, written in written }.merging(decided) { _, decided in decided }
    }

    /// What stands here of the words of filesets' `clusters: {trust}` that clusters may hold, by their names.
    var written: [String: Set<String>] {
        let direct = Dictionary(clusters.map { ($0.name, $0.holds) }) { first, _ in first }
        return direct.merging(expected.compactMapValues(\.holds)) { own, _ in own }
    }

    /// What is allowed and yet hardly meant, in sentences; of the policy, too.
    package var warnings: [String] {
        ownWarnings + Policy.warnings(directory: policy)
    }

    /// The proxies in front of the hub, and what they show it to be given routes.
    package struct Proxy: Sendable {
        package var listen: ListenAddress
        /// Where the proxy inside `orrery up` has its REST interface.
        package var api: ListenAddress
        package var token: Secret
        /// Where the proxy takes the hub's calls to clusters that their agents connect; nil: there are none.
        package var inner: ListenAddress?

        package init(listen: ListenAddress, api: ListenAddress, token: Secret) {
            self.listen = listen
            self.api = api
            self.token = token
        }
    }

    /// Who may enter.
    package struct Auth: Sendable {
        /// Hub groups whose members may enter. Empty: nobody.
        package var allow: Set<String>
        package var admin: Set<String>
        package var session: SessionLimits
        package var issuers: [IssuerConfiguration]
        package var groups: [GroupRule]
        package var users: Users
        package var tokens = TokenLimits()

        package init(
            allow: Set<String>, admin: Set<String> = [], session: SessionLimits = SessionLimits(),
            issuers: [IssuerConfiguration] = [], groups: [GroupRule] = [], users: Users = Users()
        ) {
            self.allow = allow
            self.admin = admin
            self.session = session
            self.issuers = issuers
            self.groups = groups
            self.users = users
        }
    }

    /// How long a browser stays logged in: `idle` since it was last seen, `max` since the login. Every `recheck` the issuer is
    /// asked for the groups of whoever is there.
    package struct SessionLimits: Sendable {
        package var idle: Duration
        package var max: Duration
        package var recheck: Duration

        package init(
            idle: Duration = .seconds(12 * 3600), max: Duration = .seconds(7 * 86400),
            recheck: Duration = .seconds(900)
        ) {
            self.idle = idle
            self.max = max
            self.recheck = recheck
        }
    }

    /// How long tokens live that people make for programs: `usual` when nobody says, `max` at most.
    package struct TokenLimits: Sendable {
        package var usual: Duration
        package var max: Duration

        package init(usual: Duration = .seconds(30 * 86400), max: Duration = .seconds(90 * 86400)) {
            self.usual = usual
            self.max = max
        }
    }

    /// What concerns single people.
    package struct Users: Sendable {
        /// Uids for people whose issuer gives none; nil: such people get no uid.
        package var uids: ClosedRange<UInt32>?
        /// `issuer label:subject`, or the name of a person: refused whatever their groups are.
        package var deny: Set<String>

        package init(uids: ClosedRange<UInt32>? = nil, deny: Set<String> = []) {
            self.uids = uids
            self.deny = deny
        }

        /// Whether somebody who comes with `identity` from the issuer called `label` is refused.
        func denies(_ identity: Identity, of label: String) -> Bool { deny.contains("\(label):\(identity.subject)") }
    }

    /// What the hub's administrator says of a cluster that joins under this name.
    package struct Expected: Sendable {
        package var title: String
        package var facts: ClusterFacts
        /// What it may hold until somebody decides about it; nil leaves that to the rule that lets it in.
        package var holds: Set<String>?
        /// Where its sessions live; nil leaves it to the site.
        package var namespace: String?
    }

    /// A cluster with the words that people read.
    package struct Cluster: Sendable {
        package var title: String
        package var access: ClusterAccess
        /// What its admins say of it, for placement.
        package var facts: ClusterFacts
        package var name: String { access.name }
        /// The words of filesets' `clusters: {trust}` that it may hold.
        package var holds: Set<String> = [Fileset.ordinaryTrust]

        package init(title: String, access: ClusterAccess, facts: ClusterFacts? = nil) {
            self.title = title
            self.access = access
            self.facts = facts ?? ClusterFacts(name: access.name, title: title)
        }
    }
}
