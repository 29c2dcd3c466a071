import Foundation
import OrreryModel

/// One question to the policy: for whom, where, through what, when.
struct MountQuestion {
    let policy: Policy
    let person: Person
    let cluster: String
    var surface = "notebook"
    let now: Date

    /// The mounts that `fileset` would be: one, or one for each group of the person that it is expanded for. A person in
    /// none of these groups still gets an answer.
    func requests(for fileset: Fileset) -> [MountRequest] {
        guard let each = fileset.each else { return [MountRequest(fileset: fileset, group: nil)] }
        let groups = person.groups.filter { each.value(of: $0) != nil }.sorted { $0.name < $1.name }
        guard !groups.isEmpty else { return [MountRequest(fileset: fileset, group: nil)] }
        return groups.map { MountRequest(fileset: fileset, group: $0) }
    }

    /// The answer where a profile chooses among the filesets. Nil for one that it leaves out and the person has not anyway.
    func answer(_ request: MountRequest, offering: Profile.Filesets) -> MountAnswer? {
        let answer = answer(request)
        if offering.include(request.fileset) { return answer }
        if case .refused = answer { return nil }
        return .refused(Refusal(request.title, because: "this profile leaves it out"), request)
    }

    private func answer(_ request: MountRequest) -> MountAnswer {
        if let refusal = objection(to: request) { return .refused(refusal, request) }
        let granting = granting(request)
        guard !granting.isEmpty else { return .refused(absence(of: request), request) }
        guard let binding = policy.bindings[cluster], let source = binding.sources[request.fileset.name] else {
            return .refused(elsewhere(request), request)
        }
        guard binding.trust.contains(request.fileset.trust) else { return .refused(mistrust(of: request), request) }
        let mode = granting.map(\.0.mode).max() ?? .ro
        let offer = SourceOffer(
            fileset: request.fileset, source: source, values: canonicalValues(request), isReadOnly: mode == .ro,
            canKeepInnerReadOnly: binding.isRecursivelyReadOnly)
        return answer(request, offer, through: Set(granting.flatMap(\.1.groups)))
    }

    /// What the person may do with what is asked for, wherever it lies; nil when nothing, or when the cluster is not trusted with it.
    func right(to request: MountRequest) -> Grant.Mode? {
        guard objection(to: request) == nil,
            policy.bindings[cluster]?.trust.contains(request.fileset.trust) != false
        else { return nil }
        return granting(request).map(\.0.mode).max()
    }

    /// Where it would appear; nil where a hole has no value.
    func path(of request: MountRequest) -> FilePath? { request.fileset.at?.filled(with: canonicalValues(request)) }

    /// The grants in force that are for the person, and through which groups they are.
    private func granting(_ request: MountRequest) -> [(Grant, Belongings)] {
        request.fileset.grants.filter { $0.isInForce(at: now) }.compactMap { grant in
            Belongings(of: person, to: grant.to, expanding: request.group).map { (grant, $0) }
        }
    }

    private func answer(_ request: MountRequest, _ offer: SourceOffer, through groups: Set<Group>) -> MountAnswer {
        if let bucket = offer.bucket { return .delivered(bucket, request) }
        guard let path = offer.path, let mount = offer.mount else { return .refused(unfilled(request), request) }
        if let directory = ReservedPaths.conflict(with: path) {
            let reason = "its path \(path.absolute) touches \(directory), which is reserved"
            return .refused(Refusal(request.title, because: reason, remedy: nil), request)
        }
        return .granted(
            GrantedMount(
                request: request, path: path, mount: mount, groups: groups, server: offer.source.server,
                isOwnVolume: offer.source.isOwnVolume))
    }

    /// What fills the holes. Only canonical values do; a hole without one leaves its path unfilled.
    private func canonicalValues(_ request: MountRequest) -> [PathTemplate.Hole: String] {
        var values: [PathTemplate.Hole: String] = [:]
        if Spelling.person.fits(person.name) { values[.user] = person.name }
        values[.uid] = person.uid.map { "\($0)" }
        values[.gid] = person.gid.map { "\($0)" }
        if let group = request.group, let value = request.fileset.each?.value(of: group),
            Spelling.group.fits(value)
        {
            values[.group] = value
        }
        return values
    }
}

/// That a person is in an audience, and the groups through which.
private struct Belongings {
    let groups: [Group]

    /// Nil when the person is not in it.
    init?(of person: Person, to audience: [Audience], expanding group: Group?) {
        let found = audience.compactMap { $0.belonging(of: person, expanding: group) }
        guard !found.isEmpty else { return nil }
        groups = found.compactMap { if case .through(let group) = $0 { group } else { nil } }
    }
}
