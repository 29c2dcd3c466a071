package import Foundation
package import OrreryKubernetes
package import OrreryModel
import OrreryStore

/// The pod that a plan would become, without a session: with names that no session has, and without any secret, since pods
/// only name theirs.
package enum PodPreview {
    package static func pod(
        of plan: Plan, hash: String, namespace: String, contract: any SessionContract,
        settings: SpawnSettings = SpawnSettings(), at now: Date
    ) -> Pod {
        let session = SessionRecord(
            id: unknown, person: 0, personName: plan.person, server: "", profile: plan.profile,
            environment: plan.environment.name, size: plan.size.name, cluster: plan.cluster, plan: plan, planHash: hash,
            spawn: unknown, namespace: namespace, pod: Words.podName(person: plan.person, session: unknown),
            prefix: Words.prefix(person: plan.person, server: ""), createdAt: now)
        return PodBuilder(
            session: session, variables: contract.variables(for: session), settings: settings,
            hasTokens: contract.hasTokens(for: session)
        ).pod()
    }

    /// In the place of what is made anew for every session.
    private static let unknown = String(repeating: "0", count: 26)
}
