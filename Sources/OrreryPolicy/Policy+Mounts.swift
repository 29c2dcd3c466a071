package import Foundation
package import OrreryModel

extension Policy {
    /// What `person` may see on `cluster` through `surface` at `now`, of the filesets that `offering` includes. Of
    /// those left out, the refusals name what the person would have had.
    ///
    /// A fileset is granted when a grant in force is for the person and nothing in `never` is; writable when one such grant
    /// is. It is mounted when the cluster has a source for it and the paths, filled with the person's canonical name
    /// and numbers, are free. Nothing is sanitised: a name that does not fit is refused. The order of documents
    /// and grants has no influence.
    package func mounts(
        for person: Person, on cluster: String, surface: String = "notebook", at now: Date,
        offering: Profile.Filesets = .all
    ) -> MountDecision {
        let question = MountQuestion(policy: self, person: person, cluster: cluster, surface: surface, now: now)
        let answers = filesets.values.sorted { $0.name < $1.name }
            .flatMap { question.requests(for: $0) }
            .compactMap { question.answer($0, offering: offering) }
        let settled = refuseCollisions(answers)
        return decision(settled, require: offering.require)
    }

    private func decision(_ answers: [MountAnswer], require: Set<String>) -> MountDecision {
        var granted: [GrantedMount] = []
        var refusals: [Refusal] = []
        var blockers: [Refusal] = []
        var bucket: (Plan.Bucket, Fileset)?
        for answer in answers {
            switch answer {
            case .granted(let mount): granted.append(mount)
            case .delivered(let delivered, let request): bucket = (delivered, request.fileset)
            case .refused(let refusal, let request):
                refusals.append(refusal)
                if request.fileset.isRequired || require.contains(request.fileset.name) { blockers.append(refusal) }
            }
        }
        granted.sort { ($0.path.segments.count, $0.mount.path) < ($1.path.segments.count, $1.mount.path) }
        let crowd = GroupCrowd(granted)
        return MountDecision(
            mounts: granted.map(\.mount), refusals: refusals + crowd.refusals, blockers: blockers,
            home: granted.first { $0.request.fileset.isHome }?.mount.path,
            groups: crowd.groups.sorted { $0.name < $1.name }, bucket: bucket?.0,
            longest: (granted.map(\.request.fileset) + (bucket.map { [$0.1] } ?? [])).compactMap(\.session).min(),
            mayChangeGroups: granted.mayChangeGroups)
    }

    /// Two mounts that meet although nobody declared it, because somebody or some group is called like a directory: both
    /// are refused. A path without holes is its fileset's alone, even where that is not mounted.
    private func refuseCollisions(_ answers: [MountAnswer]) -> [MountAnswer] {
        let granted = answers.compactMap { if case .granted(let mount) = $0 { mount } else { nil } }
        return answers.map { answer in
            guard case .granted(let mount) = answer, mount.request.fileset.at?.fixed == nil else { return answer }
            let fixed = filesets.values.sorted { $0.name < $1.name }
                .first { $0.collides(with: mount.request.fileset) && ($0.at?.fixed?.meets(mount.path) ?? false) }
            let other = granted.first {
                $0.request.fileset.collides(with: mount.request.fileset) && $0.path.meets(mount.path)
            }
            guard let name = fixed?.name ?? other?.request.fileset.name else { return answer }
            let refusal = Refusal(
                mount.request.title, because: "its path \(mount.mount.path) belongs to the fileset \(name)",
                remedy: "ask an administrator for another name")
            return .refused(refusal, mount.request)
        }
    }
}

extension Fileset {
    /// Whether a meeting of both would be one that nobody declared.
    fileprivate func collides(with other: Fileset) -> Bool {
        guard let at, let place = other.at else { return false }
        return name != other.name && !at.isNested(with: place)
    }
}
