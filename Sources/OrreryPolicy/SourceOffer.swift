import OrreryModel

/// A source filled for one person: what would be mounted where, or delivered.
struct SourceOffer {
    let fileset: Fileset
    let source: ClusterBinding.Source
    let values: [PathTemplate.Hole: String]
    /// Whether no grant lets the person write.
    let isReadOnly: Bool
    /// Whether the cluster can make inner mounts read-only.
    let canKeepInnerReadOnly: Bool

    /// Where it would appear; nil where a hole has no value.
    var path: FilePath? { fileset.at?.filled(with: values) }

    var mount: Plan.Mount? {
        guard let path, let inner = source.path.filled(with: values), let storage else { return nil }
        let isReadOnly = isReadOnly || source.isReadOnly
        return Plan.Mount(
            fileset: fileset.name, path: path.absolute, isReadOnly: isReadOnly, source: storage,
            subPath: inner.relative,
            inner: source.isAutomounted ? .followed : isReadOnly && canKeepInnerReadOnly ? .readOnly : .kept,
            revoke: fileset.revoke, reliesOnGroups: source.wall == .mountAndPosix && !isOnesOwn)
    }

    /// Whether each person, or each group, has a storage or a directory of its own there: then no group of the image shows
    /// more of it.
    private var isOnesOwn: Bool {
        switch source.storage {
        case .ownClaim: true
        case .driver(_, let attributes): !source.path.holes.isEmpty || attributes.values.contains { !$0.holes.isEmpty }
        case .shared, .objects: !source.path.holes.isEmpty
        }
    }

    /// The role of the person; nil for what is mounted.
    var bucket: Plan.Bucket? {
        guard case .objects(let service) = source.storage, case .sts(let template)? = fileset.credential,
            let role = template.filled(with: values)
        else { return nil }
        return Plan.Bucket(
            fileset: fileset.name, role: role, endpoint: service.endpoint, service: service.service,
            region: service.region, revoke: fileset.revoke)
    }

    private var storage: Plan.Source? {
        switch source.storage {
        case .shared(let storage): storage
        case .ownClaim(let terms): ownClaim(terms).map { .ownClaim($0) }
        case .driver(let driver, let attributes): volume(of: driver, attributes).map { .csi($0) }
        case .objects: nil
        }
    }

    private func ownClaim(_ terms: ClusterBinding.ClaimTerms) -> Plan.OwnClaim? {
        values[.user].map { person in
            Plan.OwnClaim(
                name: "\(fileset.name).\(person)", fileset: fileset.name, storageClass: terms.storageClass,
                size: "\(terms.size)", modes: terms.modes)
        }
    }

    private func volume(of driver: String, _ attributes: [String: TextTemplate]) -> Plan.DriverVolume? {
        var filled: [String: String] = [:]
        for (key, template) in attributes {
            guard let text = template.filled(with: values) else { return nil }
            filled[key] = text
        }
        if case .smb(let secret) = fileset.credential {
            guard let name = secret.filled(with: values) else { return nil }
            filled["secretName"] = name
        }
        return Plan.DriverVolume(driver: driver, attributes: filled)
    }
}
