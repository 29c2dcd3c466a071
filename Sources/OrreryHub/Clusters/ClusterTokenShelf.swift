import FoundationEssentials
import Logging
import OrreryCrypto
import OrreryKubernetes
import OrreryModel
import OrreryStore

/// Keeps the tokens that the hub renews for itself at clusters: sealed, in the database, so that a hub that is started again
/// shows the newest. Sealed with each is the place that it is for: another `server:` under the same name never sees it.
struct ClusterTokenShelf: TokenShelf {
    let store: any ClusterTokenStore
    let keys: KeyRing
    let logger: Logger

    /// What is sealed.
    private struct Kept: Codable {
        let place: [String]
        let token: String
    }

    /// Nil also when what is kept cannot be read, or is for another place: the one of the configuration is shown then.
    func token(of cluster: ClusterAccess) async -> Secret? {
        do {
            guard let sealed = try await store.clusterToken(of: cluster.name) else { return nil }
            let plain = try keys.open(sealed, for: SealedColumn.clusterToken.binding(cluster.name))
            guard let kept = try? JSONDecoder().decode(Kept.self, from: Data(plain)) else {
                logger.warning(
                    """
                    the renewed token for a cluster was kept by an older Orrery, which did not note for which server; that of \
                    the configuration is shown, and if it is over a new one is needed there
                    """,
                    metadata: ["cluster": "\(cluster.name)"])
                return nil
            }
            guard kept.place.elementsEqual(cluster.place, by: { $0.utf8.elementsEqual($1.utf8) })
            else {
                logger.warning(
                    """
                    the renewed token for a cluster is for another server or authority; that of the configuration is shown, \
                    and if it is over a new one is needed there
                    """,
                    metadata: ["cluster": "\(cluster.name)"])
                return nil
            }
            return Secret(kept.token)
        } catch {
            logger.warning(
                "the renewed token for a cluster cannot be read; that of the configuration is shown",
                metadata: ["cluster": "\(cluster.name)", "error": "\(error)"])
            return nil
        }
    }

    func keep(_ token: Secret, of cluster: ClusterAccess) async throws {
        let plain = try JSONEncoder().encode(Kept(place: cluster.place, token: token.reveal()))
        let sealed = try keys.seal([UInt8](plain), for: SealedColumn.clusterToken.binding(cluster.name))
        try await store.keep(clusterToken: sealed, of: cluster.name)
    }
}
