package import OrreryModel

extension SitePolicy {
    /// Why a pod must not be made here, one sentence each that its person can read; empty when it may. A pure function over
    /// the pod as the API server will get it.
    ///
    /// Whatever the policy says, a pod is refused that has a field which no session has: being privileged, the node's
    /// networks and processes, capabilities, an account or its token, another container, another kind of volume.
    package func refusals(of pod: JSON) -> [String] {
        if let paused = refusalWhilePaused { return [paused] }
        var inspection = PodInspection(policy: self, pod: pod)
        inspection.inspect()
        return inspection.refusals
    }

    /// The same for a claim that is to be made.
    package func refusals(ofClaim claim: JSON) -> [String] {
        if let paused = refusalWhilePaused { return [paused] }
        var inspection = PodInspection(policy: self, pod: claim)
        inspection.inspectClaim()
        return inspection.refusals
    }
}

/// One look at one pod: collects what is wrong with it.
struct PodInspection {
    let policy: SitePolicy
    let pod: JSON
    private(set) var refusals: [String] = []

    init(policy: SitePolicy, pod: JSON) {
        self.policy = policy
        self.pod = pod
    }

    var name: String { pod["metadata"]?["name"]?.string ?? "" }
    var spec: JSON { pod["spec"] ?? [:] }

    /// Whether the volume with this name is only read, by the volume's own word or by every mount of it.
    func isOnlyRead(_ volume: String) -> Bool {
        let mounts = (spec["containers"]?.array ?? []).flatMap { $0["volumeMounts"]?.array ?? [] }
        return mounts.allSatisfy { $0["name"]?.string?.isExactly(volume) != true || $0["readOnly"] == true }
    }

    mutating func refuse(_ sentence: String) { refusals.append(sentence) }

    /// `subject allows …; this asks for …`
    mutating func refuse(allows: String, asks: String) {
        refuse("\(policy.subject) allows \(allows); this asks for \(asks).")
    }

    mutating func inspect() {
        inspectGroups()
        only(Self.podFields, in: spec, "a session's pod")
        for field in ["hostNetwork", "hostPID", "hostIPC"] where spec[field] != nil && spec[field] != false {
            refuse("\(policy.subject) gives no session the nodes' own networks and processes (\(field)).")
        }
        if spec["automountServiceAccountToken"] != false {
            refuse("\(policy.subject) wants `automountServiceAccountToken: false`: no session acts for an account.")
        }
        if spec["restartPolicy"] != "Never" { refuse("\(policy.subject) wants sessions that are never restarted.") }
        inspectIdentity()
        inspectPlacing()
        inspectLifetime()
        let containers = spec["containers"]?.array ?? []
        if containers.count != 1 { refuse(allows: "one container in a session", asks: "\(containers.count)") }
        for container in containers { inspect(container: container) }
        for volume in list("volumes", in: spec) { inspect(volume: volume) }
    }

    /// Refuses members of an object that are not among `fields`.
    mutating func only(_ fields: Set<String>, in object: JSON, _ what: String) {
        guard let members = object.object else {
            return refuse("\(policy.subject) cannot read \(what): it is no object.")
        }
        let others = members.keys.filter { !fields.contains($0) }.sorted()
        guard !others.isEmpty else { return }
        let names = others.map { "`\($0)`" }.joined(separator: ", ")
        refuse("\(policy.subject) allows nothing in \(what) that sessions do not need: \(names).")
    }

    /// The elements of a list; a refusal when it is none.
    mutating func list(_ field: String, in object: JSON) -> [JSON] {
        guard let value = object[field] else { return [] }
        guard let elements = value.array else {
            refuse("\(policy.subject) cannot read `\(field)`: it is no list.")
            return []
        }
        return elements
    }

    private mutating func inspectGroups() {
        guard let allowed = policy.groups else { return }
        let annotation = pod["metadata"]?["annotations"]?["orrery.io/groups"]?.string ?? ""
        let groups = annotation.utf8.split(separator: UInt8(ascii: ",")).map { String($0) ?? "" }
        guard !groups.contains(where: { allowed.containsExactly($0) }) else { return }
        refuse("\(policy.subject) is open to \(allowed.joined(separator: ", ")); this person is in none of them.")
    }

    private mutating func inspectLifetime() {
        if let grace = spec["terminationGracePeriodSeconds"] {
            guard let seconds = grace.integer, seconds >= 0 else {
                return refuse("\(policy.subject) cannot read how long the session takes to end.")
            }
            if seconds > Self.longestGrace {
                refuse(
                    allows: "sessions \(Duration.seconds(Self.longestGrace).inWords) to end",
                    asks: Duration.seconds(seconds).inWords)
            }
        }
        guard let deadline = spec["activeDeadlineSeconds"]?.integer, deadline > 0 else {
            return refuse("\(policy.subject) wants a session that says when it ends (`activeDeadlineSeconds`).")
        }
        guard let limit = policy.maxima.lifetime, Duration.seconds(deadline) > limit else { return }
        refuse(allows: "sessions of at most \(limit.inWords)", asks: Duration.seconds(deadline).inWords)
    }

    /// Seconds for which a session may go on after its end has come.
    static let longestGrace = Plan.Life.longestGrace.components.seconds

    private static let podFields: Set<String> = [
        "containers", "volumes", "securityContext", "restartPolicy", "automountServiceAccountToken",
        "enableServiceLinks", "activeDeadlineSeconds", "terminationGracePeriodSeconds", "nodeSelector", "tolerations",
        "priorityClassName", "runtimeClassName", "imagePullSecrets", "hostNetwork", "hostPID", "hostIPC",
    ]
}

extension Duration {
    /// `30 min`, `12 h`, `7 days`: the largest unit that says it wholly.
    var inWords: String {
        let seconds = components.seconds
        if seconds % 86_400 == 0, seconds >= 172_800 { return "\(seconds / 86_400) days" }
        if seconds % 3600 == 0 { return "\(seconds / 3600) h" }
        return seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds) s"
    }
}
