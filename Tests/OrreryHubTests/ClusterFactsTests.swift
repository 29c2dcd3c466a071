import OrreryDocument
import OrreryKubernetes
import OrreryModel
import OrreryPolicy
import Testing

@testable import OrreryHub

/// What `orrery.yaml` says of a cluster for placement.
struct ClusterFactsTests {
    private func read(_ keys: String) throws -> ClusterFacts { try cluster(keys).facts }

    private func cluster(_ keys: String) throws -> HubConfiguration.Cluster {
        let text = """
            url: http://127.0.0.1:8000
            proxy: {token: t}
            auth:
              issuers:
                demo: {issuer: "http://127.0.0.1:1/o", groups: {claim: groups}, login: {client: c}}
              groups: {science: {from: ["demo:science"]}, "project:{g}": {from: ["demo:p/{g}"]}}
            clusters: {north: {title: North, server: "http://127.0.0.1:2", token: t, namespace: hub, \(keys)}}
            """
        let configuration = try HubConfiguration.read(DocumentNode.parse(text, file: "/etc/orrery/orrery.yaml"))
        return try #require(configuration.clusters.first)
    }

    @Test func everyKeyArrives() throws {
        let facts = try read(
            """
            capacity: {sessions: 400, cpu: 800, memory: 2Ti, gpu: 8, headroom: 5}, starts: 10, labels: {site: usdf},
            architectures: [amd64], owner: science, trust: ["project:photoz"], scheduling: cordoned, homes: sdf, cost: 3
            """)
        #expect(
            facts.capacity
                == ResourceBounds(sessions: 400, cpu: CPUCount("800"), memory: ByteCount("2Ti"), gpu: 8))
        #expect(facts.headroom == 5 && facts.startsAtOnce == 10 && facts.labels == ["site": "usdf"])
        #expect(facts.architectures == ["amd64"] && facts.owner == "science" && facts.scheduling == .cordoned)
        #expect(facts.trust == .groups(["project:photoz"]) && facts.homes == "sdf" && facts.cost == 3)
    }

    @Test func aClustersApiIsAskedAsOftenAsItsBudgetSays() throws {
        let budget = try cluster("budget: {rate: 200, burst: 400}").access.budget
        #expect(budget.callsPerSecond == 200 && budget.burst == 400)
        let usual = try cluster("starts: 1").access
        #expect(usual.budget.callsPerSecond == 20 && usual.budget.burst == 40)
        #expect(usual.hasPodsInReach)
    }

    @Test func whatIsNotWrittenBoundsNothing() throws {
        let facts = try read("scheduling: schedulable")
        #expect(facts.capacity == .none && facts.headroom == 0 && facts.startsAtOnce == 64)
        #expect(facts.trust == .federation && facts.homes == "north" && facts.title == "North")
        #expect(facts.scheduling == .schedulable && facts.cost == nil && facts.owner == nil)
    }

    @Test(arguments: [
        ("capacity: {pods: 4}", "unknown key `pods`"), ("capacity: {headroom: 95}", "90"),
        ("owner: sciense", "did you mean `science`?"), ("trust: owner", "`trust: owner` needs an `owner`"),
        ("trust: [sciense]", "did you mean `science`?"), ("scheduling: closed", "state"), ("starts: 0", "0"),
        ("trust: everyone", "trust"), ("budget: {rate: 0}", "0"), ("budget: {calls: 3}", "unknown key `calls`"),
    ]) func whatIsWrongIsSaid(_ keys: String, _ words: String) {
        let error = #expect(throws: DocumentError.self) { _ = try read(keys) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(words), "\(error.map { "\($0)" } ?? "")")
    }
}
