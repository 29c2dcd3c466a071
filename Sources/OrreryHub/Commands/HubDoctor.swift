import Foundation
import Logging
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore

/// Looks from the hub's machine whether everything is there that sessions need: the hub, the proxy in front of it, and each
/// cluster by the way that the hub itself takes. It changes nothing.
package struct HubDoctor: Sendable {
    /// One look: what was looked at, what was found, and whether that is well.
    package struct Finding: Hashable, Sendable {
        package let isWell: Bool
        package let what: String
        package let words: String
    }

    let room: Backroom
    let fetcher = Fetcher()

    private static var quiet: Logger { Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() } }

    package init(_ room: Backroom) { self.room = room }

    /// Looks at the hub and at every cluster, or at one. Throws when there is none of that name.
    package func findings(cluster: String?) async throws -> [Finding] {
        let registry = ClusterRegistry(
            room.configuration, store: room.database, feed: ProxyFeed(now: { .now }), logger: Self.quiet, now: { .now })
        await registry.refresh()
        if let cluster, registry.record(cluster) == nil {
            throw HubError(.notFound, "there is no cluster called \(cluster)", next: "look which ones are")
        }
        var findings = [
            await answer(of: "the hub", at: room.configuration.listen.reachable),
            await answer(of: "the proxy, and the hub behind it,", at: room.configuration.proxy.listen.reachable),
        ]
        let policy = Result { try Hub.policy(of: room.configuration, trust: registry.holds) }
        findings.append(Self.finding(policy))
        for record in registry.records where cluster.map(record.name.isExactly) ?? true {
            findings += await look(at: record, registry, try? policy.get())
        }
        return findings
    }

    private func answer(of what: String, at address: ListenAddress) async -> Finding {
        let request = FetchRequest(
            url: "http://\(address)/hub/health", connectLimit: .seconds(2), limit: .seconds(5), bodyLimit: 64 << 10)
        do {
            let answer = try await fetcher.fetch(request)
            let isWell = answer.status == 200
            return Finding(
                isWell: isWell, what: what, words: isWell ? "answers at \(address)" : "answers \(answer.status)")
        } catch { return Finding(isWell: false, what: what, words: "does not answer at \(address): \(error)") }
    }

    private static func finding(_ policy: Result<Policy, any Error>) -> Finding {
        switch policy {
        case .success(let policy):
            Finding(isWell: true, what: "the policy", words: "has \(policy.profiles.count) profiles")
        case .failure(let error): Finding(isWell: false, what: "the policy", words: "\(error)")
        }
    }

    private func look(at record: ClusterRecord, _ registry: ClusterRegistry, _ policy: Policy?) async -> [Finding] {
        let membership = record.facets.membership
        guard [.member, .suspended].contains(membership.value) else {
            return [
                Finding(isWell: true, what: record.name, words: "is \(membership.value.rawValue): \(membership.reason)")
            ]
        }
        var findings = [
            Finding(
                isWell: record.facets.quarantine == nil, what: record.name,
                words: "is \(record.chips(registry.written).joined(separator: ", "))")
        ]
        if let health = record.health, membership.value == .member {
            let since = record.healthAt.map { ", as the hub sees it since \(Moment($0).text)" } ?? ""
            findings.append(
                Finding(
                    isWell: health.isExactly(ClusterHealth.State.ready.rawValue), what: record.name,
                    words: "is \(health)\(since)"))
        }
        if let policy {
            let isBound = policy.bindings[record.name] != nil
            findings.append(
                Finding(
                    isWell: isBound || record.kind == .agent, what: record.name,
                    words: isBound
                        ? "has its binding in the policy"
                        : "has no binding in the policy: sessions there have no filesets"))
        }
        guard let access = registry.clusters.first(where: { $0.name == record.name })?.access else {
            let why = "cannot be asked: proxy.inner is not configured"
            return findings + [Finding(isWell: false, what: record.name, words: why)]
        }
        return findings + [await ask(access)]
    }

    /// One list by the way that the hub's own calls take, with the token that the hub shows.
    private func ask(_ access: ClusterAccess) async -> Finding {
        let client = KubernetesClient(access, transport: fetcher)
        await client.adoptToken(from: ClusterTokenShelf(store: room.database, keys: room.keys, logger: Self.quiet))
        let began = ContinuousClock.now
        do {
            let pods = try await client.list(Pod.self, PodMark.selection(hub: SpawnSettings().hub))
            let time = (ContinuousClock.now - began).components
            let milliseconds = time.seconds * 1000 + time.attoseconds / 1_000_000_000_000_000
            let clock = ClusterHealth.complaint(clockOffset: client.clockOffset)
            return Finding(
                isWell: clock == nil, what: access.name,
                words: "answers in \(milliseconds) ms and shows \(pods.items.count) pods in \(access.namespace)"
                    + (clock.map { "; \($0)" } ?? ""))
        } catch {
            let hint =
                access.reach == .agent ? "; look at its agent's log, and let `orrery-agent doctor` look there" : ""
            return Finding(isWell: false, what: access.name, words: "does not do as it should: \(error)\(hint)")
        }
    }
}
