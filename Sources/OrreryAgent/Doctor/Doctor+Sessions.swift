import OrreryFetch
import OrreryKubernetes
import OrreryModel

// A session from beginning to end, and what it reaches.
extension Doctor {
    func sessions() async -> [Finding] {
        guard let image else {
            return [
                .warning(
                    "session", "none was tried", whose: Self.site,
                    next: "give --image REGISTRY/NAME@sha256:…, an image with python3 that the cluster may pull")
            ]
        }
        let mark = String(UInt32.random(in: .min ... .max), radix: 16)
        let findings = await attempt(mark, image)
        for name in TrialPod.names(mark) { try? await client.delete(Pod.self, name, grace: .zero) }
        return findings
    }

    private func attempt(_ mark: String, _ image: String) async -> [Finding] {
        do {
            let trial = TrialPod.server(mark, image: image, policy: policy.current)
            let refusals = policy.current.refusals(of: try trial.json())
            guard refusals.isEmpty else {
                return [failed("its own policy refuses the smallest session: \(refusals.joined(separator: " "))")]
            }
            let begin = ContinuousClock.now
            let (pod, isStrict) = try await start(mark, image)
            if let place = pod?.status?.podIP, place.contains(":") { return [Self.unusable(place)] }
            guard let pod, pod.status?.phase == "Running", let address = pod.status?.podIP else {
                return [failed("does not start: \(Self.reason(pod) ?? "it waits for more than two minutes")")]
            }
            let took = Self.words(ContinuousClock.now - begin)
            let road = await reach(address)
            return [.ok("session", "starts in \(took)")] + Self.groups(of: pod) + road
                + (try await walls(
                    mark, address, image, answers: !road.contains { $0.grade == .failed }, isStrict: isStrict))
        } catch {
            return [failed("\(error)")]
        }
    }

    /// Starts one as the hub does: where the cluster cannot keep the image's groups out, and the site does not ask for that, with
    /// them.
    func start(_ mark: String, _ image: String) async throws -> (pod: Pod?, isStrict: Bool) {
        let mayBeLoose = policy.current.gids == SitePolicy().gids
        do {
            let pod = try await run(TrialPod.server(mark, image: image, policy: policy.current))
            guard mayBeLoose, pod?.status?.isRefusedForGroupsPolicy == true else { return (pod, true) }
        } catch let error as KubernetesError {
            guard mayBeLoose, error.isGroupsPolicyUnknown else { throw error }
        }
        return (try await run(TrialPod.server(mark, image: image, policy: policy.current, isStrict: false)), false)
    }

    private func run(_ trial: TrialPod) async throws -> Pod? {
        _ = try await client.create(trial.pod)
        return try await wait(for: trial.name) { $0.status?.phase != "Pending" && $0.status?.phase != nil }
    }

    /// `JUPYTERHUB_SERVICE_URL` is made of the pod's address, and Kubernetes writes no brackets.
    static func unusable(_ address: String) -> Finding {
        .failed(
            "session", "its pod has an IPv6 address, \(address), with which no notebook server starts", whose: site,
            next: "give pods an IPv4 address, as their first where they have two")
    }

    /// What the cluster made of the wish to keep the image's groups out.
    static func groups(of pod: Pod) -> [Finding] {
        guard pod.spec.securityContext?.supplementalGroupsPolicy != "Strict" else { return [] }
        return [
            .warning(
                "groups", "an image can give a session groups of its own", whose: Self.site,
                next:
                    "take Kubernetes 1.33 and containerd 2.0 or CRI-O 1.31, or newer: until then no session starts with a "
                    + "tree that owners and modes alone divide")
        ]
    }

    private func failed(_ found: String) -> Finding {
        .failed(
            "session", found, whose: Self.site,
            next: "look at `kubectl -n \(client.namespace) get events`: image, room on the nodes, PodSecurity, quota")
    }

    /// From here, which is where the agent's relay will be.
    private func reach(_ address: String) async -> [Finding] {
        let place = address.contains(":") ? "[\(address)]" : address
        let url = "http://\(place):\(TrialPod.port)"
        let deadline = ContinuousClock.now + .seconds(30)
        var last = "no answer"
        while ContinuousClock.now < deadline {
            do {
                _ = try await fetcher.fetch(FetchRequest(url: url + "/", limit: .seconds(5)))
                return [.ok("reached", "\(address) answers")] + (await throughput(url))
            } catch { last = error.message }
            try? await Task.sleep(for: .milliseconds(200))
        }
        return [
            .failed(
                "reached", "\(address) does not answer from here: \(last)", whose: Self.site,
                next:
                    "run the doctor where the agent runs, and let the agent's pods in by the NetworkPolicy of the sessions"
            )
        ]
    }

    private func throughput(_ url: String) async -> [Finding] {
        let begin = ContinuousClock.now
        let request = FetchRequest(url: url + "/bulk", limit: .seconds(60), bodyLimit: TrialPod.bulk)
        guard let answer = try? await fetcher.fetch(request), answer.body.count == TrialPod.bulk else {
            return [
                .warning(
                    "throughput", "\(TrialPod.bulk >> 20) MiB do not arrive in a minute", whose: Self.site,
                    next: "look at the network between the agent's node and those of the sessions")
            ]
        }
        let rate = Double(TrialPod.bulk) / ((ContinuousClock.now - begin) / .seconds(1)) / 1_000_000
        let found = "\(Int(rate)) MB/s from a session"
        guard rate < 10 else { return [.ok("throughput", found)] }
        return [
            .warning(
                "throughput", found, whose: Self.site,
                next: "look at the network between the agent's node and those of the sessions: people will feel it")
        ]
    }

    /// What one session can reach of another, which `answers` from here, and of the machine that it runs on.
    private func walls(
        _ mark: String, _ address: String, _ image: String, answers: Bool, isStrict: Bool
    ) async throws -> [Finding] {
        let other = TrialPod.neighbour(mark, of: address, image: image, policy: policy.current, isStrict: isStrict)
        _ = try await client.create(other.pod)
        let pod = try await wait(for: other.name) { $0.status?.phase == "Failed" || $0.status?.phase == "Succeeded" }
        let code = pod?.status?.containerStatuses?.first?.state?.terminated?.exitCode
        guard let code, (10...13).contains(code) else {
            return [failed("a second one does not run: \(Self.reason(pod) ?? "it does not end")")]
        }
        return Self.walls(code, answers: answers)
    }

    /// What a neighbour's exit code says of the walls. That it has not reached what answers nobody says nothing.
    static func walls(_ code: Int, answers: Bool) -> [Finding] {
        let next = "use a network that enforces NetworkPolicies, and apply those of `orrery-agent manifest`"
        let between: Finding =
            switch (code.isMultiple(of: 2), answers) {
            case (true, true): .ok("NetworkPolicy", "one session does not reach another")
            case (true, false):
                .warning(
                    "NetworkPolicy", "not tried: a session that does not answer here is reached by no other either",
                    whose: Self.site, next: "mend what `reached` says, and look again")
            case (false, _):
                .failed("NetworkPolicy", "one session reaches another's port", whose: Self.site, next: next)
            }
        let metadata: Finding =
            code < 12
            ? .ok("metadata", "a session does not reach 169.254.169.254")
            : .failed(
                "metadata", "a session reaches 169.254.169.254, where clouds give out their machines' credentials",
                whose: Self.site, next: next)
        return [between, metadata]
    }

    private func wait(for name: String, _ condition: (Pod) -> Bool) async throws -> Pod? {
        let deadline = ContinuousClock.now + .seconds(120)
        var last: Pod?
        while ContinuousClock.now < deadline {
            let pod = try await client.get(Pod.self, name)
            if condition(pod) { return pod }
            last = pod
            try await Task.sleep(for: .milliseconds(250))
        }
        return last
    }

    private static func reason(_ pod: Pod?) -> String? {
        let state = pod?.status?.containerStatuses?.first?.state
        let condition = pod?.status?.conditions?.first { $0.status == "False" && $0.message != nil }
        return state?.waiting.map { "\($0.reason ?? "waiting") \($0.message ?? "")" }
            ?? state?.terminated.map { "\($0.reason ?? "ended") \($0.message ?? "")" } ?? condition?.message
            ?? pod?.status?.message
    }

    private static func words(_ time: Duration) -> String { "\(Double(Int(time / .milliseconds(100))) / 10) s" }
}
