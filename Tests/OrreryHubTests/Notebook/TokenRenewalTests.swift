import Foundation
import Logging
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

@Suite struct TokenRenewalTests {
    /// A hub with one session of ada's, whose first tokens have been given.
    struct Scene: Sendable {
        let hub: TestHub
        let ada: PersonRecord
        let session: SessionRecord
        let sources: [ScriptedSource]
        let pods = RecordedDirectories()
        let first: [String: Secret]

        init(
            _ hub: TestHub, _ names: [String] = ["wlcg", "egi"], moods: [ScriptedSource.Mood] = [],
            patience: Duration = .seconds(60)
        ) async throws {
            self.hub = hub
            ada = try await hub.person("ada")
            session = try await hub.session(of: ada)
            sources = names.map { ScriptedSource($0, clock: hub.clock) }
            for (source, mood) in zip(sources, moods) { source.mood = mood }
            first = await Self.tokens(hub, sources, patience: patience).first(for: session)
        }

        static func tokens(
            _ hub: TestHub, _ sources: [ScriptedSource], patience: Duration = .seconds(60)
        ) -> NotebookTokens {
            var tokens = NotebookTokens(
                sources: sources, storage: nil, persons: hub.database, files: hub.database, now: { hub.clock.now },
                logger: TestHub.quiet)
            tokens.patience = patience
            return tokens
        }

        /// As after a restart: it knows what is stored and nothing else.
        func renewal(logger: Logger = TestHub.quiet) -> TokenRenewal {
            TokenRenewal(
                sources: sources, files: hub.database, sessions: hub.database, logins: hub.services.gate.logins,
                pods: pods, now: { hub.clock.now }, logger: logger)
        }

        func file(_ source: String) async throws -> TokenFileRecord {
            try #require(try await hub.database.tokenFiles(session: session.id).first { $0.source == source })
        }
    }

    private static let uid = 20001 + "ada".utf8.reduce(0) { $0 + Int($1) }

    @Test func everyIssuerHasAFileAndTheFirstOneTheUsualName() async throws {
        try await TestHub.run { hub in
            let scene = try await Scene(hub)
            #expect(
                scene.first.mapValues { $0.reveal() } == [
                    "bt_u\(Self.uid)": "wlcg 1", "bt_u\(Self.uid)-wlcg": "wlcg 1", "bt_u\(Self.uid)-egi": "egi 1",
                ])
            let variables = Scene.tokens(hub, scene.sources).variables(for: scene.session)
            #expect(variables == ["BEARER_TOKEN_FILE": "/run/orrery/tokens/bt_u\(Self.uid)"])
        }
    }

    @Test func aTokenIsRenewedBetweenHalfAndThreeQuartersOfItsLifeWithOneCall() async throws {
        try await TestHub.run { hub in
            let scene = try await Scene(hub, ["wlcg"])
            let due = try await scene.file("wlcg").dueAt.timeIntervalSince(hub.clock.now)
            #expect((1799...2701).contains(due))
            let renewal = scene.renewal()
            hub.clock.turn(by: .seconds(1790))
            await renewal.sweep()
            #expect(scene.pods.take().isEmpty)
            hub.clock.turn(by: .seconds(2700 - 1790 + 1))
            await renewal.sweep()
            #expect(scene.pods.take() == [["bt_u\(Self.uid)": "wlcg 2", "bt_u\(Self.uid)-wlcg": "wlcg 2"]])
            await renewal.sweep()
            #expect(scene.pods.take().isEmpty)
            #expect(try await scene.file("wlcg").endsAt == hub.clock.now + 3600)
        }
    }

    @Test func renewalsAreSpread() async throws {
        let token = NotebookToken(token: Secret(""), end: Date(timeIntervalSince1970: 100))
        let start = Date(timeIntervalSince1970: 0)
        #expect([0, 0.5, 1].map { token.renewal(at: start, draw: $0).timeIntervalSince1970 } == [50, 62.5, 75])
        // One that is over already is due at once, and never in the past.
        #expect(token.renewal(at: token.end + 5, draw: 1) == token.end + 5)
    }

    @Test func anIssuerThatIsAwayKeepsNobodyWaiting() async throws {
        try await TestHub.run { hub in
            var patience = Duration.milliseconds(50)
            let scene = try await Scene(hub, moods: [.hangs, .gives], patience: patience)
            var first = scene.first
            // On a busy machine the one that answers, too, may take longer than that.
            while first.isEmpty, patience < .seconds(60) {
                patience *= 4
                first = await Scene.tokens(hub, scene.sources, patience: patience).first(for: scene.session)
            }
            #expect(Array(first.keys) == ["bt_u\(Self.uid)-egi"])
            hub.clock.turn(by: .seconds(2701))
            let renewal = scene.renewal()
            let running = Task { try await renewal.run() }
            defer { running.cancel() }
            // The first issuer still hangs; only the second one's file is exchanged.
            #expect(try await eventually { scene.pods.take().map { Array($0.keys) } == [["bt_u\(Self.uid)-egi"]] })
            #expect(try await scene.file("wlcg").endsAt == nil)
        }
    }

    @Test func aClusterThatDoesNotAnswerKeepsNoOtherWaiting() async throws {
        try await TestHub.run { hub in
            let scene = try await Scene(hub, ["wlcg"])
            _ = try await hub.database.update(scene.session.id) { $0.cluster = "south" }
            for number in 1...20 {
                let session = try await hub.session(of: scene.ada, server: "s\(number)")
                try await hub.database.put(
                    TokenFileRecord(
                        session: session.id, person: scene.ada.id, source: "wlcg", isDefault: false,
                        dueAt: hub.clock.now))
            }
            scene.pods.setHanging("north")
            hub.clock.turn(by: .seconds(2701))
            let renewal = scene.renewal()
            let running = Task { try await renewal.run() }
            defer { running.cancel() }
            #expect(try await eventually { scene.pods.take().count == 1 })
        }
    }

    @Test func aHubThatStopsSaysNothingAgainstAnIssuer() async throws {
        try await TestHub.run { hub in
            let scene = try await Scene(hub, ["wlcg"])
            hub.clock.turn(by: .seconds(2701))
            let (file, lines) = (try await scene.file("wlcg"), KeptLines())
            let (begun, tell) = AsyncStream.makeStream(of: Void.self)
            scene.sources[0].mood = .hangs
            scene.sources[0].onAsked { tell.yield() }
            let renewal = scene.renewal(logger: lines.logger)
            let running = Task { try await renewal.run() }
            for await _ in begun { break }
            running.cancel()
            _ = await running.result
            #expect(lines.count(of: "a session's token was not renewed") == 0)
            #expect(try await scene.file("wlcg") == file)
        }
    }

    @Test func aFailureLeavesTheOldTokenAndIsTriedAgainLaterAndLater() async throws {
        try await TestHub.run { hub in
            let scene = try await Scene(hub, ["wlcg"])
            scene.sources[0].mood = .refuses
            hub.clock.turn(by: .seconds(2701))
            var waits: [TimeInterval] = []
            for _ in 1...8 {
                await scene.renewal().sweep()
                let wait = try await scene.file("wlcg").dueAt.timeIntervalSince(hub.clock.now)
                waits.append(wait)
                hub.clock.turn(by: .seconds(wait + 0.01))
            }
            #expect(scene.pods.take().isEmpty)
            for (wait, most) in zip(waits, [10, 20, 40, 80, 160, 300, 300, 300.0]) {
                #expect((most * 0.74...most).contains(wait))
            }
            scene.sources[0].mood = .gives
            await scene.renewal().sweep()
            #expect(scene.pods.take().count == 1)
            #expect(try await scene.file("wlcg").failures == 0)
        }
    }

    @Test func aTokenThatEndsNoLaterDoesNotReplaceTheOneInThePod() async throws {
        try await TestHub.run { hub in
            let scene = try await Scene(hub, ["wlcg"])
            scene.sources[0].mood = .repeats
            hub.clock.turn(by: .seconds(2701))
            await scene.renewal().sweep()
            #expect(scene.pods.take().isEmpty)
            #expect(try await scene.file("wlcg").failures == 1)
        }
    }

    @Test func aClusterThatIsAwayGetsTheTokenLater() async throws {
        try await TestHub.run { hub in
            let scene = try await Scene(hub, ["wlcg"])
            scene.pods.setAway(true)
            hub.clock.turn(by: .seconds(2701))
            await scene.renewal().sweep()
            let file = try await scene.file("wlcg")
            #expect(file.failures == 1 && file.endsAt.map { $0 < hub.clock.now + 3600 } == true)
            scene.pods.setAway(false)
            hub.clock.turn(by: .seconds(10))
            await scene.renewal().sweep()
            #expect(scene.pods.take().count == 1)
        }
    }

    @Test func theEndOfASessionEndsItsRenewals() async throws {
        try await TestHub.run { hub in
            let scene = try await Scene(hub)
            _ = try await hub.database.update(scene.session.id) { $0.state = .stopping }
            hub.clock.turn(by: .seconds(2701))
            await scene.renewal().sweep()
            #expect(scene.pods.take().isEmpty)
            #expect(scene.sources.map(\.count) == [1, 1])
            let now = hub.clock.now
            _ = try await hub.database.update(scene.session.id) { $0.end(.finished, "", at: now) }
            await hub.services.housekeeper.sweep()
            #expect(try await hub.database.tokenFiles(session: scene.session.id).isEmpty)
        }
    }

    @Test func whoIsSuspendedGetsNoMoreTokens() async throws {
        try await TestHub.run { hub in
            let scene = try await Scene(hub)
            _ = try await hub.database.setSuspended(true, person: scene.ada.id)
            hub.clock.turn(by: .seconds(2701))
            await scene.renewal().sweep()
            #expect(scene.pods.take().isEmpty)
            #expect(scene.sources.map(\.count) == [1, 1])
            _ = try await hub.database.setSuspended(false, person: scene.ada.id)
            hub.clock.turn(by: .seconds(300))
            await scene.renewal().sweep()
            #expect(scene.pods.take().count == 2)
        }
    }

    @Test func whoIsUnknownToAnIssuerHasNoFileOfIt() async throws {
        try await TestHub.run { hub in
            let stranger = try await hub.person("stranger")
            let session = try await hub.session(of: stranger)
            let source = ScriptedSource("wlcg", clock: hub.clock)
            #expect(await Scene.tokens(hub, [source]).first(for: session).isEmpty)
            #expect(try await hub.database.tokenFiles(session: session.id).isEmpty)
        }
    }

    private func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while try await !condition() {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(10))
        }
        return true
    }
}
