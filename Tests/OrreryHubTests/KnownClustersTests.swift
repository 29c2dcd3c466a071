import Foundation
import OrreryIdentity
import OrreryModel
import OrreryPolicy
import OrreryStore
import Testing

@testable import OrreryHub

/// What the policy is held against: clusters as they are trusted now, those that have joined among them.
struct KnownClustersTests {
    @Test func aTestOfThePolicyCountsWithWhatAClusterIsTrustedWithNow() async throws {
        try await TestHub.run { hub in
            _ = try await hub.member()
            let configuration = try hub.configurationOfCommands()
            try configuration.restrictScratch(seenOn: "west")
            func errors() async -> [String] {
                Hub.errors(in: configuration, known: await KnownClusters.of(configuration))
            }
            #expect(await errors().count == 1)
            try await hub.order(.data(.restricted), of: "west")
            #expect(await errors() == [])
            #expect(throws: Never.self) {
                try Hub.reading(of: configuration, trust: hub.services.registry.holds).get()
            }
        }
    }

    @Test func aClusterThatIsExpectedIsTrustedAsTheConfigurationSays() async throws {
        try await TestHub.run { hub in
            var configuration = try hub.configurationOfCommands()
            try configuration.restrictScratch(seenOn: "west")
            #expect(throws: HubError.self) { try Hub.policy(of: configuration) }
            configuration.expected["west"] = .init(
                title: "West", facts: ClusterFacts(name: "west"), holds: ["restricted"])
            #expect(throws: Never.self) { try Hub.policy(of: configuration) }
        }
    }

    @Test func whatIsWrittenOfAClusterThatJoinedCountsUntilSomebodyDecides() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            var configuration = try hub.configurationOfCommands()
            let expected = HubConfiguration.Expected(title: "West", facts: ClusterFacts(name: "west"))
            func trust(_ chip: String) async throws -> Set<String>? {
                let record = try #require(agent.record())
                #expect(record.chips(configuration.written).contains(chip))
                #expect(record.views(configuration.written).contains { "data \($0.value)" == chip })
                return try await KnownClusters.of(configuration).policy(of: configuration).bindings["west"]?.trust
            }
            configuration.expected["west"] = expected
            #expect(try await trust("data public") == ["ordinary", "public"])
            configuration.expected["west"]?.holds = ["collaboration"]
            #expect(try await trust("data collaboration") == ["collaboration"])
            configuration.expected["west"]?.holds = ["survey", "collaboration"]
            #expect(try await trust("data collaboration and survey") == ["collaboration", "survey"])
            hub.clock.turn(by: .seconds(1))
            try await hub.order(.data(.public), of: "west")
            #expect(try await trust("data public") == ["ordinary", "public"])
        }
    }

    @Test func whatWasDecidedAboutAClusterKeepsNoHubFromStarting() async throws {
        try await TestHub.run { hub in
            var configuration = try hub.configurationOfCommands()
            configuration.clusters[0].holds = ["ordinary", "restricted"]
            try configuration.restrictScratch(seenOn: "north")
            try await hub.order(.data(.public), of: "north")
            let known = await KnownClusters.of(configuration)
            #expect(Hub.errors(in: configuration, known: known).count == 1)
            let lines = KeptLines()
            #expect(throws: Never.self) {
                try Hub.policy(of: configuration, known: known, logger: lines.logger)
            }
            #expect(lines.all.contains { $0.contains("does not hold") })
            // And the decision counts.
            #expect(try known.policy(of: configuration).bindings["north"]?.trust == ["ordinary", "public"])
            // Nobody has decided anything about this one.
            try configuration.restrictScratch(seenOn: "south")
            #expect(throws: HubError.self) { try known.policy(of: configuration) }
        }
    }

    // Else documents that a running hub refuses would be in force once it is started anew.
    @Test func aTestOnAClusterAboutWhichNobodyDecidedKeepsTheHubFromStarting() async throws {
        try await TestHub.run { hub in
            _ = try await hub.member()
            let configuration = try hub.configurationOfCommands()
            try configuration.restrictScratch(seenOn: "west")
            func policy() async throws -> Policy {
                try await KnownClusters.of(configuration).policy(of: configuration)
            }
            await #expect(throws: HubError.self) { try await policy() }
            hub.clock.turn(by: .seconds(1))
            try await hub.order(.data(.public), of: "west")
            await #expect(throws: Never.self) { try await policy() }
        }
    }

    @Test func aPolicyThatIsReadAgainIsTheSameWhateverClustersAreTrustedWith() async throws {
        try await TestHub.run { hub in
            _ = try await hub.member()
            let configuration = try hub.configurationOfCommands()
            let registry = hub.services.registry
            let book = PolicyBook(
                try Hub.policy(of: configuration), logger: TestHub.quiet, now: { hub.clock.now },
                reading: { Hub.reading(of: configuration, trust: registry.holds) })
            try await hub.order(.data(.restricted), of: "west")
            book.join(registry.holds)
            book.reload()
            #expect(book.standing.taken == 0 && book.standing.rejection == nil)
            #expect(book.current.bindings["west"]?.trust.contains("restricted") == true)
        }
    }

    @Test func whatWasDecidedAndIsGivenBackIsGoneFromThePolicyToo() async throws {
        try await TestHub.run { hub in
            let configuration = try hub.configurationOfCommands()
            let registry = hub.services.registry
            try await hub.order(.data(.restricted), of: "north")
            let book = PolicyBook(
                try Hub.policy(of: configuration, trust: registry.holds), logger: TestHub.quiet,
                now: { hub.clock.now }, reading: { Hub.reading(of: configuration, trust: registry.holds) })
            #expect(book.current.bindings["north"]?.trust.contains("restricted") == true)
            try await hub.order(.dataAsWritten, of: "north")
            book.join(registry.holds)
            #expect(book.current.bindings["north"]?.trust == ["ordinary"])
        }
    }

    @Test func whatIsNotWrittenOfAClusterCannotBeGoneBackTo() async throws {
        try await TestHub.run { hub in
            let agent = try await hub.member()
            hub.clock.turn(by: .seconds(1))
            try await hub.order(.data(.restricted), of: "west")
            let trust = agent.record()?.facets.trust.value
            await #expect(throws: HubError.self) {
                try await hub.services.clusterDesk.order(.trust(.unclaimed), .dataAsWritten, of: "west", by: .operator)
            }
            await hub.services.registry.refresh()
            #expect(agent.record()?.facets.trust.value == trust, "all or nothing")
            var desk = hub.services.clusterDesk
            desk.written = ["west"]
            try await desk.order(.dataAsWritten, of: "west", by: .operator)
            await hub.services.registry.refresh()
            // This hub has not read the file in which something is written now.
            #expect(hub.services.registry.holds["west"]?.contains("restricted") == true)
            try await hub.services.registry.load()
            // Nor is it there again once nothing is written any more.
            #expect(hub.services.registry.holds["west"]?.contains("restricted") == false)
            #expect(agent.record()?.facets.ceiling.value == .public)
        }
    }

    @Test func whatIsWrittenAndDoesNotCountIsToldAtTheStart() async throws {
        try await TestHub.run { hub in
            _ = try await hub.member()
            var configuration = try hub.configurationOfCommands()
            configuration.expected["west"] = .init(
                title: "West", facts: ClusterFacts(name: "west"), holds: ["collaboration"])
            func told() async throws -> [String] {
                let lines = KeptLines()
                let registry = ClusterRegistry(
                    configuration, store: hub.database, feed: hub.services.proxy.feed, logger: lines.logger,
                    now: { hub.clock.now })
                try await registry.load()
                return lines.all.filter { $0.contains("does not count") }
            }
            #expect(try await told() == [])
            hub.clock.turn(by: .seconds(1))
            try await hub.order(.data(.public), of: "west")
            let line = try #require(try await told().first)
            #expect(line.contains("written\": collaboration") && line.contains("trust west --data written"), "\(line)")
        }
    }

    @Test func manifestsAreMadeForAClusterThatHasJoined() async throws {
        try await TestHub.run { hub in
            let configuration = try hub.configurationOfCommands()
            func manifests() async throws -> SiteManifests {
                try SiteManifests(configuration, known: await KnownClusters.of(configuration), cluster: "west")
            }
            await #expect(throws: HubError.self) { try await manifests() }
            _ = try await hub.member()
            #expect(try await manifests().binding.sources.count == 2)
            #expect(try await manifests().networkNote?.contains("orrery-agent manifest") == true)
            let direct = try SiteManifests(
                configuration, known: await KnownClusters.of(configuration), cluster: "north")
            #expect(direct.networkNote == nil)
        }
    }
}

extension TestHub {
    /// The configuration as commands beside this hub read it, with a binding for `west`, which has not joined yet.
    func configurationOfCommands() throws -> HubConfiguration {
        var configuration = services.configuration
        (configuration.database, configuration.keys) = (database.path, keysPath)
        configuration.auth.groups = TestPolicy.groups.sorted().map { GroupRule($0, from: []) }
        let directory = "\(configuration.policy)/clusters"
        try String(contentsOfFile: "\(directory)/north.yaml", encoding: .utf8)
            .replacing("cluster: north", with: "cluster: west")
            .write(toFile: "\(directory)/west.yaml", atomically: true, encoding: .utf8)
        return configuration
    }
}

extension HubConfiguration {
    /// Has the policy say that `scratch` is restricted, and who sees it on `cluster`.
    func restrictScratch(seenOn cluster: String) throws {
        let file = "\(policy)/filesets.yaml"
        let test = "tests: [{who: {groups: [atlas]}, on: \(cluster), sees: {/scratch/ann: rw}}]\n"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let filesets = text.suffix(from: try #require(text.range(of: "filesets:")).lowerBound)
            .replacing("sensitive: true\n    g", with: "sensitive: true\n    clusters: {trust: restricted}\n    g")
        try (test + filesets).write(toFile: file, atomically: true, encoding: .utf8)
    }
}
