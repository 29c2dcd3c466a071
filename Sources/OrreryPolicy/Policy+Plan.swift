package import Foundation
package import OrreryModel

/// What a request for a session comes to.
package enum PlanResult: Hashable, Sendable {
    case plan(Plan)
    /// Every reason that was found, not only the first.
    case refused([Refusal])
}

extension Policy {
    /// The session that `person` asks for, or every reason why not. The one validator for the page, the API and the dry run.
    ///
    /// Nil for `environment` or `size` takes the default: the profile's first environment, the first size that the person
    /// may take, the first choice of each option that is not named. `running` is how many sessions of this profile the
    /// person has already.
    package func plan(
        for person: Person, profile name: String, environment: String? = nil, size: String? = nil,
        options: [String: String] = [:], cluster: String, at now: Date, surface: String = "notebook", running: Int = 0
    ) -> PlanResult {
        guard let profile = profile(named: name) else {
            return .refused([unknown("profile", name, among: profiles.map(\.name))])
        }
        let offer = offer(profile, to: person)
        let decision = mounts(for: person, on: cluster, surface: surface, at: now, offering: profile.filesets)
        var refusals: [Refusal] = offer.refusal.map { [$0] } ?? []
        let environment = chooseEnvironment(environment, of: offer, &refusals)
        let size = chooseSize(size, of: offer, &refusals)
        let choices = chooseOptions(options, of: profile, &refusals)
        refuseCrowd(profile, running: running, &refusals)
        refusePlace(person, cluster, decision, &refusals)
        refuseForeignUser(environment, cluster, decision, &refusals)
        guard refusals.isEmpty, let environment, let size, let uid = person.uid, let gid = person.gid,
            let home = decision.home
        else { return .refused(refusals) }
        let terms = bindings[cluster]?.sizes[size.name]
        return .plan(
            Plan(
                person: person.name, cluster: cluster, profile: profile.name, environment: environment.planned,
                size: size.planned(gpuResource: terms?.gpuResource),
                identity: podIdentity(uid: uid, gid: gid, decision, of: environment),
                mounts: decision.mounts, refusals: decision.refusals, home: home,
                variables: profile.variables(for: size, choices.map(\.choice)),
                life: profile.life.bounded(by: decision.longest),
                nodeSelector: environment.nodeSelector.merging(terms?.nodeSelector ?? [:]) { _, own in own },
                nodes: terms?.nodes,
                options: choices.isEmpty
                    ? nil : Dictionary(choices.map { ($0.option, $0.choice.name) }) { first, _ in first },
                bucket: decision.bucket,
                groups: person.groups.isEmpty ? nil : person.groups.map(\.name).sorted()))
    }

    private func chooseEnvironment(
        _ name: String?, of offer: ProfileOffer, _ refusals: inout [Refusal]
    ) -> Environment? {
        guard let name else { return offer.environments.first }
        if let environment = offer.environments.first(where: { $0.name == name }) { return environment }
        refusals.append(unknown("environment", name, among: offer.environments.map(\.name)))
        return nil
    }

    private func chooseSize(_ name: String?, of offer: ProfileOffer, _ refusals: inout [Refusal]) -> Size? {
        guard let name else { return offer.sizes.first }
        if let size = offer.sizes.first(where: { $0.name == name }) { return size }
        let refusal = offer.refusedSizes.first { $0.what == "size \(name)" }
        refusals.append(refusal ?? unknown("size", name, among: offer.profile.sizes.map(\.name)))
        return nil
    }

    private func refuseCrowd(_ profile: Profile, running: Int, _ refusals: inout [Refusal]) {
        guard let limit = profile.limit.perUser, running >= limit else { return }
        refusals.append(
            Refusal(
                "profile \(profile.name)", because: "you have \(running) of it running and may have \(limit)",
                remedy: "stop one first"))
    }

    private func refusePlace(
        _ person: Person, _ cluster: String, _ decision: MountDecision, _ refusals: inout [Refusal]
    ) {
        guard bindings[cluster] != nil else {
            refusals.append(unknown("cluster", cluster, among: Array(bindings.keys)))
            return
        }
        guard let uid = person.uid, let gid = person.gid, uid != 0, gid != 0 else {
            refusals.append(
                Refusal(
                    "person \(person.name)",
                    because: "you have no user and group number here, and a session needs them",
                    remedy: "ask an administrator for a uid and a gid"))
            return
        }
        refusals += decision.blockers
        guard decision.home == nil else { return }
        let home = filesets.values.first(where: \.isHome).map { "fileset \($0.name)" }
        let refusal =
            decision.refusals.first { $0.what == home }
            ?? Refusal("the home", because: "a session needs one, and this profile offers none")
        if !refusals.contains(refusal) { refusals.append(refusal) }
    }

    private func podIdentity(
        uid: UInt32, gid: UInt32, _ decision: MountDecision, of environment: Environment
    ) -> Plan.PodIdentity {
        let groups = decision.groups
        let names = groups.compactMap { group in group.gid.map { (group.name, $0) } }
        return Plan.PodIdentity(
            uid: uid, gid: gid, supplementalGroups: Set(groups.compactMap(\.gid)).sorted(),
            groupNames: Dictionary(names) { first, _ in first }, user: environment.user == .image ? .image : nil,
            volumeGroup: decision.mayChangeGroups ? gid : nil)
    }

    func unknown(_ kind: String, _ name: String, among known: [String]) -> Refusal {
        let hint = nearestName(to: name, among: known).map { "did you mean \($0)?" }
        return Refusal("\(kind) \(name)", because: "there is no such \(kind) to choose", remedy: hint)
    }
}
