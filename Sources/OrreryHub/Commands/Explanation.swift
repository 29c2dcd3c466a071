package import Foundation
import Logging
import OrreryCrypto
import OrreryFetch
import OrreryIdentity
import OrreryKubernetes
package import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore

/// What somebody would get who asks for a session, and why: `orrery explain`. By the same rules as the page and the API,
/// without starting anything, and without a secret: pods only name theirs.
package struct Explanation: Sendable {
    /// Who asks for what, where and when.
    package struct Question: Sendable {
        package var subject: Subject
        package var choice: SessionChoice
        package var now: Date

        package init(_ subject: Subject, _ choice: SessionChoice, at now: Date) {
            self.subject = subject
            self.choice = choice
            self.now = now
        }
    }

    package enum Subject: Sendable {
        /// Somebody whom the hub knows, with the groups that the database has.
        case known(String)
        /// Somebody who need not exist, in these groups.
        case madeUp(String, groups: [String], uid: UInt32, gid: UInt32)
    }

    package private(set) var lines: [String] = []
    /// Whether the session would start, or wait for room.
    package private(set) var isPossible = false

    private let services: HubServices
    private let question: Question
    private let person: Person
    private let isSuspended: Bool
    private let known: KnownClusters
    /// Where the person's sessions ran before.
    private var past: [String] = []

    /// Reads the configuration's policy and, for somebody who is known and for clusters that have joined, the database, which it
    /// does not change.
    package init(_ question: Question, _ configuration: HubConfiguration) async throws(HubError) {
        self.question = question
        let policy: Policy
        switch question.subject {
        case .known(let name):
            let room = try Backroom(configuration, logger: Self.silent)
            known = try await KnownClusters(configuration, room.database)
            policy = try known.policy(of: configuration)
            services = Self.services(configuration, policy, room.database, room.keys)
            let record: PersonRecord
            (record, past) = try await Self.person(named: name, in: room.database)
            (person, isSuspended) = (record.person, record.isSuspended)
        case .madeUp(let name, let groups, let uid, let gid):
            known = await KnownClusters.of(configuration)
            policy = try known.policy(of: configuration)
            person = try Self.person(named: name, groups, uid: uid, gid: gid, configuration)
            isSuspended = false
            services = try Self.servicesOfNobody(configuration, policy)
        }
        try explain(policy)
    }

    private static var silent: Logger { Logger(label: "orrery") { _ in SwiftLogNoOpLogHandler() } }

    private static func services(
        _ configuration: HubConfiguration, _ policy: Policy, _ database: Database, _ keys: KeyRing
    ) -> HubServices {
        let fetcher = Fetcher()
        return HubServices(
            configuration, database: database, keys: keys, policy: policy,
            issuers: ConfiguredIssuers(configuration.auth, fetcher: fetcher, logger: silent), fetcher: fetcher,
            logger: silent)
    }

    /// With an empty database of its own, so that this can be asked where there is no hub.
    private static func servicesOfNobody(
        _ configuration: HubConfiguration, _ policy: Policy
    ) throws(HubError) -> HubServices {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            defer { try? FileManager.default.removeItem(at: directory) }
            return services(
                configuration, policy, try Database(path: directory.appendingPathComponent("hub.sqlite").path),
                try KeyRing(fileMadeIfMissing: directory.appendingPathComponent("hub.keys").path))
        } catch {
            throw HubError(
                .cannotStart, "no temporary database can be made in \(directory.deletingLastPathComponent().path)",
                next: "name another directory in TMPDIR")
        }
    }

    private static func person(
        named name: String, in database: Database
    ) async throws(HubError) -> (PersonRecord, past: [String]) {
        do throws(StoreError) {
            if let known = try await database.person(named: name) {
                return (known, try await database.places(person: known.id))
            }
        } catch {
            throw HubError(.cannotStart, error.message, next: error.next)
        }
        throw HubError(
            .cannotStart, "nobody here is named \(name)", next: "say the groups of somebody made up with --groups")
    }

    private static func person(
        named name: String, _ groups: [String], uid: UInt32, gid: UInt32, _ configuration: HubConfiguration
    ) throws(HubError) -> Person {
        for group in groups {
            let found = Policy.lookUp(group, among: Set(configuration.auth.groups.map(\.name)))
            guard !found.isKnown else { continue }
            throw HubError(
                .cannotStart, "there is no group \(group)", next: found.meant.map { "did you mean \($0)?" })
        }
        let rules = configuration.auth.groups
        return Person(
            identity: Identity(issuer: "none", subject: name), name: name, uid: uid, gid: gid,
            groups: Set(groups.map(rules.group(named:))))
    }

    private mutating func explain(_ policy: Policy) throws(HubError) {
        let groups = person.groups.map(\.name).sorted()
        lines.append(
            "person \(person.name): uid \(person.uid.map { "\($0)" } ?? "none"), gid "
                + "\(person.gid.map { "\($0)" } ?? "none"), in \(groups.isEmpty ? "no group" : groups.joined(separator: ", "))"
        )
        if let gap = known.gap { lines.append("only the clusters of the configuration are known: \(gap)") }
        if isSuspended {
            lines.append("refused: \(person.name) is suspended, and starts nothing before that is lifted")
        }
        let profile = question.choice.profile ?? services.desk.defaultProfile(for: person)
        guard let profile else {
            lines.append("refused: there is nothing that \(person.name) may start")
            return
        }
        lines.append("profile \(profile) at \(Timestamp.text(question.now))")
        let clusters = known.clusters.filter { cluster in
            question.choice.cluster.map { $0.isExactly(cluster.name) } ?? true
        }
        guard !clusters.isEmpty else {
            let names = known.clusters.map(\.name).joined(separator: ", ")
            throw HubError(
                .cannotStart, "there is no cluster \(question.choice.cluster ?? "")", next: "known are \(names)")
        }
        place(profile, policy)
        for cluster in clusters { try explain(cluster, profile, policy) }
    }

    /// Where it would go and why. What runs is not known here, so clusters and quotas are taken to be empty, and all is well.
    private mutating func place(_ profile: String, _ policy: Policy) {
        var request = PlacementRequest(person: person, profile: profile, question.choice)
        request.past = past
        let placement = policy.place(
            request, on: known.clusters.map(\.facts), of: SiteFacts(), at: question.now)
        lines += ["", "placement, were all clusters empty and well"]
        switch placement.outcome {
        case .placed, .queued:
            isPossible = !isSuspended
            lines += placement.lines.map { "  \($0)" }
        case .refused: lines += placement.lines.map { "  refused: \($0)" }
        }
    }

    private mutating func explain(
        _ cluster: HubConfiguration.Cluster, _ profile: String, _ policy: Policy
    ) throws(HubError) {
        lines += ["", "cluster \(cluster.name) (\(cluster.title))"]
        let choice = question.choice
        let result = policy.plan(
            for: person, profile: profile, environment: choice.environment, size: choice.size,
            options: choice.options, cluster: cluster.name, at: question.now)
        switch result {
        case .refused(let refusals):
            lines += refusals.map { "  refused: \($0)" }
        case .plan(let plan):
            lines += PlanWords.lines(of: plan).map { "  \($0)" }
            try show(plan, on: cluster)
        }
    }

    private mutating func show(_ plan: Plan, on cluster: HubConfiguration.Cluster) throws(HubError) {
        do {
            let hash = Digest.sha256.of(plan.canonicalJSON()).hexadecimal
            let pod = PodPreview.pod(
                of: plan, hash: hash, namespace: cluster.access.namespace, contract: services.contract,
                at: question.now)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            lines.append("  pod:")
            lines += String(decoding: try encoder.encode(pod), as: UTF8.self).split(separator: "\n").map { "    \($0)" }
        } catch {
            throw HubError(.cannotStart, "the pod cannot be written down", detail: "\(error)")
        }
    }
}
