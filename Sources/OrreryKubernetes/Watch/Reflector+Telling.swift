import Logging
import Synchronization

extension Reflector {
    /// The cluster answered: told once after it had not.
    func found(_ deliver: Deliver) async {
        guard state.withLock({ $0.becomesSeen() }) else { return }
        logger.info("the cluster is seen", metadata: metadata)
        await deliver(.seen)
    }

    /// The cluster did not answer, or not as it should: told once until it does.
    func lost(_ error: KubernetesError, _ deliver: Deliver) async {
        if error.isExpired || error.isFromTheFuture { state.withLock { $0.version = nil } }
        guard state.withLock({ $0.becomesUnseen(error) }) else { return }
        logger.warning("the cluster is not seen", metadata: metadata.merging(["error": "\(error)"]) { $1 })
        await deliver(.unseen(error))
    }

    /// What a log line says of an object that is not understood.
    func about(_ object: ObjectMeta?, _ why: String) -> Logger.Metadata {
        metadata.merging(["object": "\(object?.name ?? "")", "error": "\(why)"]) { $1 }
    }

    private var metadata: Logger.Metadata { ["cluster": "\(client.access.name)", "kind": "\(Object.kind)"] }
}
