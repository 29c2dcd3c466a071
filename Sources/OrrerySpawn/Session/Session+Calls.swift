import Logging
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization

// Calls to the cluster. Each is made once and answered by an input; whether to try again is the state machine's to say.
extension Session {
    /// Makes the helpers and the pod, or finds the pod that an earlier attempt made. Safe to be cut off anywhere.
    func make() async -> Input {
        let builder = PodBuilder(
            session: record, variables: scene.contract.variables(for: record), settings: scene.settings,
            hasTokens: scene.contract.hasTokens(for: record))
        let wanted = builder.pod()
        do {
            let hasAsked = memory.withLock { memory in
                defer { memory.hasAskedForPod = true }
                return memory.hasAskedForPod
            }
            if hasAsked, let found = try await pod() { return judge(found, wanted) }
            if let refusal = try await provideClaims(builder) { return .refused(refusal) }
            let token: Secret
            do { token = try await scene.contract.issueToken(for: record) } catch {
                return .refused(.later("The hub cannot give the session its token (\(error)). Trying again."))
            }
            let asked = scene.time.elapsed()
            try await put(builder.tokenSecret(token), called: record.tokenName)
            scene.latencies.note(scene.time.elapsed() - asked, of: record.cluster)
            if builder.hasTokens {
                let tokens = await scene.contract.tokens(for: record)
                try await put(builder.tokensSecret(tokens), called: record.tokensName)
            }
            try await put(builder.accounts())
            // Another node has the same runtime, most likely.
            let isLoose = lastLook?.status?.isRefusedForGroupsPolicy == true && byGroups.isEmpty
            return isLoose ? try await makeWithoutGroupsPolicy(wanted) : try await make(wanted)
        } catch {
            logger.warning("a pod was not made", metadata: ["error": "\(error)"])
            return .refused(CreationRefusal(error, cluster: place))
        }
    }

    private func make(_ wanted: Pod) async throws(KubernetesError) -> Input {
        do {
            return judge(try await cluster.create(wanted), wanted)
        } catch {
            if error.isGroupsPolicyUnknown, wanted.spec.securityContext?.supplementalGroupsPolicy != nil {
                return try await makeWithoutGroupsPolicy(wanted)
            }
            // Made all the same, perhaps, and only the answer was lost: read it back.
            // A full quota is said before a taken name is: the pod that fills it may be ours.
            let isFull = error.refusal.flatMap { QuotaRefusal($0.message) } != nil
            guard error.alreadyExists || error.isUncertain || isFull else { throw error }
            if let found = try await pod() { return judge(found, wanted) }
            guard error.alreadyExists else { throw error }
            return .refused(.later("What had the name of this session's pod on \(place) is gone. Trying again."))
        }
    }

    /// A server of Kubernetes 1.25 to 1.30 refuses the field, which it does not know, and a newer one's kubelet the pod, where its
    /// runtime cannot heed it. Where mounts keep people apart the pod is made without it.
    private func makeWithoutGroupsPolicy(_ wanted: Pod) async throws(KubernetesError) -> Input {
        var without = wanted
        without.spec.securityContext?.supplementalGroupsPolicy = nil
        let breaches = Wall.breaches(in: without, wanted: wanted, byGroups: byGroups)
        guard breaches.isEmpty else {
            return .refused(
                .never(
                    "\(place) is too old for this session: \(breaches.joined(separator: "; ")). Choose another cluster."
                ))
        }
        return try await make(without)
    }

    /// The paths in which owners and modes of files alone keep people apart.
    private var byGroups: [String] { record.plan.mounts.filter(\.reliesOnGroups).map(\.path) }

    /// Takes a pod as ours only when it was made for this very attempt and its walls stand.
    private func judge(_ found: Pod, _ wanted: Pod) -> Input {
        guard PodMark.isMade(found.metadata, for: record) else {
            let taken = KubernetesError.Refused(code: 409, reason: "AlreadyExists", message: "the name is taken")
            return .refused(CreationRefusal(.refused(taken), cluster: place))
        }
        let podUID = memory.withLock { $0.podUID }
        guard !found.metadata.isTerminating || found.metadata.uid == podUID else {
            return .refused(.later("Its former pod on \(place) is being removed. Waiting until that is done."))
        }
        let breaches = Wall.breaches(in: found, wanted: wanted, byGroups: byGroups)
        guard !breaches.isEmpty else { return .created(found) }
        logger.error("a cluster changed a pod's walls", metadata: ["breaches": "\(breaches)"])
        return .refused(
            .never(
                "\(place) changed this session's pod where it must not: \(breaches.joined(separator: "; ")). "
                    + "The pod was removed. Tell an administrator."))
    }

    private func put(_ secret: SecretObject, called name: String) async throws(KubernetesError) {
        do { try await cluster.put(secret) } catch {
            guard error.alreadyExists else { throw error }
            // Left by an attempt that was cut off; its token may be forgotten by now. An agent takes no other change than this.
            _ = try await cluster.patch(SecretObject.self, name, with: SecretChange(texts: secret.texts))
        }
    }

    private func put(_ accounts: ConfigMap) async throws(KubernetesError) {
        do { try await cluster.put(accounts) } catch {
            guard error.alreadyExists else { throw error }
        }
    }

    /// The pod of the session's name, whoever made it; nil when there is none.
    private func pod() async throws(KubernetesError) -> Pod? {
        do { return try await cluster.get(Pod.self, record.pod) } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }
}

extension Session {
    /// Stores the log's tail and asks for the pod's deletion; never that of another pod of the name.
    func remove(keepingLog: Bool) async -> Input {
        do {
            guard let pod = try await pod(), PodMark.isMade(pod.metadata, for: record) else {
                return .deletion(.gone)
            }
            if keepingLog { try await keepLog(pod) }
            let grace = await grace()
            try await cluster.delete(Pod.self, record.pod, uid: pod.metadata.uid, grace: grace)
            return .deletion(.accepted(grace: grace))
        } catch let error as KubernetesError {
            if error.isNotFound || error.isConflict { return .deletion(.gone) }
            logger.warning("a pod was not deleted", metadata: ["error": "\(error)"])
            return .deletion(.failed("\(error)"))
        } catch {
            return .deletion(.failed("\(error)"))
        }
    }

    /// The profile's grace, for a notebook that was ready once. Before that nobody had work in it, and a program which is
    /// still starting does not hear the signal: process 1 has no handler yet, so that the kernel drops it.
    private func grace() async -> Duration {
        if let asked = memory.withLock({ $0.grace }) { return asked }
        // Grace 0 would forget a container that still runs on a lost node: never ours to ask for.
        let whole = max(record.plan.life.grace, .seconds(1))
        // Asked anew: `record` is from before the start.
        guard let stored = try? await scene.store.session(id: record.id), stored.readyAt == nil else { return whole }
        return min(whole, .seconds(2))
    }

    private func keepLog(_ pod: Pod) async throws {
        let lines: String
        do {
            lines = try await cluster.logTail(of: record.pod, container: PodBuilder.container, lines: 50)
        } catch {
            logger.warning("a log was not read", metadata: ["error": "\(error)"])
            let statuses = (pod.status?.containerStatuses ?? []) + (lastLook?.status?.containerStatuses ?? [])
            // A kubelet keeps no more of them.
            lines = (statuses.lazy.compactMap { $0.state?.terminated?.message }.first ?? "").shortened(to: 4 << 10)
        }
        let text = lines.split(separator: "\n").suffix(50).joined(separator: "\n")
        if !text.isEmpty { try await keepEvidence("Its last lines:\n\(text)") }
    }

    private var lastLook: Pod? { memory.withLock { $0.pod } }

    /// Reads the pod until the cluster has answered: a list may be older than the pod.
    func lookAgain(whileAway: Bool) async -> Input {
        var backoff = Backoff()
        while true {
            do {
                guard let pod = try await pod(), PodMark.isMade(pod.metadata, for: record) else {
                    return .vanished(whileAway: whileAway)
                }
                return .pod(pod)
            } catch {
                // Cancelled: the answer is not heard any more.
                guard (try? await scene.time.sleep(backoff.next())) != nil else { return .seen }
            }
        }
    }

    /// Removes what is left of the session outside the store.
    func cleanUp() async -> Input {
        if let problem = await closeRoute() { return .cleaned("the proxy keeps its route: \(problem)") }
        do {
            var areGone = try await discard(SecretObject.self, record.tokenName)
            if scene.contract.hasTokens(for: record) {
                areGone = try await discard(SecretObject.self, record.tokensName) && areGone
            }
            // Secrets are not listed: those that stay are found by the ConfigMap beside them, see `collectOnce`.
            if areGone { _ = try await discard(ConfigMap.self, record.accountsName) }
            return .cleaned(nil)
        } catch {
            return .cleaned("\(error)")
        }
    }

    /// Whether it is gone; throws where it may be the next time.
    private func discard<Object: KubernetesObject>(
        _ type: Object.Type, _ name: String
    ) async throws(KubernetesError) -> Bool {
        do {
            try await cluster.delete(type, name)
            return true
        } catch {
            guard !error.isNotFound else { return true }
            // A 502 without a reason is not the API server's but of something before it.
            let isUnwell = (error.refusal?.code ?? 0) >= 500
            if error.mayRetry || isUnwell || error == .cancelled { throw error }
            // Without the right to delete it, it stays: a session must be able to end all the same.
            logger.warning("a helper was left behind", metadata: ["kind": "\(Object.kind)", "error": "\(error)"])
            return false
        }
    }
}
