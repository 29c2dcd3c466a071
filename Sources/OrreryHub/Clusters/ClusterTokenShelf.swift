import Logging
import OrreryCrypto
import OrreryKubernetes
import OrreryModel
import OrreryStore

/// Keeps the tokens that the hub renews for itself at clusters: sealed, in the database, so that a hub that is started again
/// shows the newest.
struct ClusterTokenShelf: TokenShelf {
    let store: any ClusterTokenStore
    let keys: KeyRing
    let logger: Logger

    /// Nil also when what is kept cannot be read: the one of the configuration is shown then.
    func token(of cluster: String) async -> Secret? {
        do {
            guard let sealed = try await store.clusterToken(of: cluster) else { return nil }
            let plain = try keys.open(sealed, for: SealedColumn.clusterToken.binding(cluster))
            return Secret(String(decoding: plain, as: UTF8.self))
        } catch {
            logger.warning(
                "the renewed token for a cluster cannot be read; that of the configuration is shown",
                metadata: ["cluster": "\(cluster)", "error": "\(error)"])
            return nil
        }
    }

    func keep(_ token: Secret, of cluster: String) async throws {
        let sealed = try keys.seal(Array(token.reveal().utf8), for: SealedColumn.clusterToken.binding(cluster))
        try await store.keep(clusterToken: sealed, of: cluster)
    }
}
