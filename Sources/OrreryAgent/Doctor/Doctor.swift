import OrreryFetch
package import OrreryKubernetes
import OrreryModel

/// Looks at everything that sessions at this site depend on, one thing after the other, and leaves nothing behind.
package struct Doctor: Sendable {
    /// The cluster, at the namespace of the sessions, with the agent's own credential.
    let client: KubernetesClient
    /// The agent's own namespace.
    let own: String
    let policy: SitePolicyKeeper
    /// An image by digest with python3 in it; without one no session is tried.
    let image: String?
    /// The hub to be joined; nil when nobody has said.
    package var hub: Hub?
    let fetcher = Fetcher()

    package init(client: KubernetesClient, own: String, policy: SitePolicyKeeper, image: String?) {
        self.client = client
        self.own = own
        self.policy = policy
        self.image = image
    }

    /// Tells each finding as it comes; whether nothing has failed.
    package func examine(_ tell: (Finding) -> Void) async -> Bool {
        var isWell = true
        for look in [road, server, rights, forbidden, sitePolicy, quota, storage, sessions] {
            for finding in await look() {
                tell(finding)
                if finding.grade == .failed { isWell = false }
                // Without the API there is nothing more to be seen.
                if finding.grade == .failed, finding.subject == Self.apiSubject { return false }
            }
        }
        return isWell
    }

    static let apiSubject = "Kubernetes API"
    static let site = "this site's"
}
