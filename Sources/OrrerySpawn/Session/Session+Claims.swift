import Logging
import OrreryKubernetes
import OrreryModel
import OrreryStore

// The person's own claims. They are made before the pod, belong to no pod, and are never deleted here: a home outlives
// every session.
extension Session {
    /// Makes the claims of the plan that are not there yet. Gives why a claim cannot be had; nil when all are there and the
    /// person's own.
    func provideClaims(_ builder: PodBuilder) async throws(KubernetesError) -> CreationRefusal? {
        for claim in builder.claims() {
            guard let found = try await provide(claim) else { continue }
            if let refusal = refusal(of: found, wanted: claim) { return refusal }
        }
        return nil
    }

    /// The claim that was there already; nil when it was made now.
    private func provide(_ claim: PersistentVolumeClaim) async throws(KubernetesError) -> PersistentVolumeClaim? {
        let name = claim.metadata.name ?? ""
        if let found = try await find(name) { return found }
        do { _ = try await cluster.create(claim) } catch {
            // Made by another session of the person at the same time, or the answer was lost.
            guard error.alreadyExists || error.isUncertain, let found = try await find(name) else { throw error }
            return found
        }
        logger.notice("a claim was made", metadata: ["claim": "\(name)", "cluster": "\(record.cluster)"])
        return nil
    }

    private func find(_ name: String) async throws(KubernetesError) -> PersistentVolumeClaim? {
        do { return try await cluster.get(PersistentVolumeClaim.self, name) } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    private func refusal(of found: PersistentVolumeClaim, wanted: PersistentVolumeClaim) -> CreationRefusal? {
        let name = wanted.metadata.name ?? ""
        for (label, value) in wanted.metadata.labels ?? [:] {
            guard let other = found.metadata.labels?[label], other.isExactly(value) else {
                return .never(
                    "On \(place) the claim \(name) is not marked as this person's own, so it was left alone. An "
                        + "administrator must look at it: its label \(label) should be \(value).")
            }
        }
        guard !found.metadata.isTerminating else {
            return .later("The storage \(name) on \(place) is being deleted. Waiting until that is done.")
        }
        return nil
    }
}
