import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OrreryCrypto
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub

/// What commands do beside a running hub.
@Suite struct BackroomTests {
    private static func backroom(_ hub: TestHub) throws -> Backroom {
        var configuration = hub.services.configuration
        configuration.database = hub.database.path
        configuration.keys = hub.keysPath
        return try Backroom(configuration, logger: TestHub.quiet)
    }

    @Test("F15: a change of keys reaches the running hub and everything stored")
    func aChangeOfKeysReachesTheRunningHubAndEverythingStored() async throws {
        try await TestHub.run { hub in
            await hub.services.audit.record(AuditAct(.admin))
            await hub.services.audit.flush()
            let backroom = try Self.backroom(hub)
            #expect(try await backroom.keyUses().map(\.secrets) == [1])
            let (id, sealed, left) = try await backroom.rotate()
            #expect(id == 2 && sealed == 1 && left == 0)
            #expect(KeyRing.id(of: try hub.services.keys.seal([1], for: [])) == 2)
            try await backroom.retire(1)
            #expect(
                try await backroom.keyUses() == [.init(id: 2, isNewest: true, isPresent: true, secrets: 1, unopened: 0)]
            )
            // A hub that starts now, and the log's own marks.
            let chain = try await AuditChain.open(hub.database, keys: KeyRing(file: hub.keysPath))
            let finding = try await AuditVerification(store: hub.database, chain: chain).run()
            #expect(finding == .sound(records: 3, end: try await hub.database.auditEnd()))
        }
    }

    @Test("F15: what logins left is sealed anew, and a renewal that was under way is not lost")
    func aRenewalUnderWayIsNotLost() async throws {
        try await TestHub.run { hub in
            let ada = try await CredentialsTests.ada(hub)
            let vault = hub.services.flow.vault
            let before = try #require(try await hub.database.credential(person: ada.id, issuer: "test"))
            let open = try #require(try vault.open(before))
            let backroom = try Self.backroom(hub)
            let (_, sealed, left) = try await backroom.rotate()
            #expect(sealed >= 2 && left == 0)
            let after = try #require(try await hub.database.credential(person: ada.id, issuer: "test"))
            #expect(after.sealed != before.sealed && KeyRing.id(of: after.sealed ?? []) == 2)
            #expect(try vault.open(after)?.tokens == open.tokens)
            try await backroom.retire(1)
            // As a refresh that had read the record before the change of keys.
            var renewed = open.tokens
            renewed.access = "another"
            let isKept = try await vault.renew(open, with: renewed)
            let end = try #require(try await hub.database.credential(person: ada.id, issuer: "test"))
            let kept = try vault.open(end)?.tokens.access
            #expect(isKept && kept == "another")
            // And one that another refresh has overtaken is not.
            #expect(try await vault.renew(open, with: open.tokens) == false)
        }
    }

    @Test func aKeyThatIsNeededStays() async throws {
        try await TestHub.run { hub in
            await hub.services.audit.record(AuditAct(.admin))
            await hub.services.audit.flush()
            let backroom = try Self.backroom(hub)
            // A secret that this hub's keys do not open.
            let strange = [0, 0, 0, 1] + [UInt8](repeating: 7, count: 40)
            _ = try await hub.database.insert(
                SigningKeyRecord(id: "k", published: "{}", sealed: strange, madeAt: hub.clock.now),
                unlessMadeAfter: hub.clock.now)
            let (_, _, left) = try await backroom.rotate()
            #expect(left == 1)
            for id in [UInt32(1), 2] { await #expect(throws: HubError.self) { try await backroom.retire(id) } }
            try await backroom.retire(1, isLost: true)
            #expect(try await backroom.keyUses().map(\.id) == [2])
            #expect(try await hub.database.signingKeys().isEmpty)
        }
    }

    @Test func aKeyThatThereIsNotIsNotRetired() async throws {
        try await TestHub.run { hub in
            let backroom = try Self.backroom(hub)
            let refusal = await #expect(throws: HubError.self) { try await backroom.retire(99, isLost: true) }
            #expect(refusal?.message == "there is no key 99")
        }
    }

    @Test func anotherKeyOfTheSameNumberIsSeen() async throws {
        try await TestHub.run { hub in
            await hub.services.audit.record(AuditAct(.admin))
            let other = "1 " + Base64URL.encode([UInt8](repeating: 7, count: 32))
            try Data(other.utf8).write(to: URL(fileURLWithPath: hub.keysPath))
            let uses = try await Self.backroom(hub).keyUses()
            #expect(uses == [.init(id: 1, isNewest: true, isPresent: true, secrets: 1, unopened: 1)])
        }
    }

    @Test func whereTheKeyFileIsLostAHubMakesNoOther() async throws {
        try await TestHub.run { hub in
            await hub.services.audit.record(AuditAct(.admin))
            await hub.services.audit.flush()
            try FileManager.default.removeItem(atPath: hub.keysPath)
            var configuration = hub.services.configuration
            configuration.keys = hub.keysPath
            let asked = configuration
            let refusal = await #expect(throws: HubError.self) { try await Hub.keys(of: asked, for: hub.database) }
            #expect(refusal?.message.contains("is missing, and 1 stored secrets need its key 1") == true)
            #expect(refusal?.next?.contains("orrery keys retire 1 --lost") == true)
            #expect(!FileManager.default.fileExists(atPath: hub.keysPath))
        }
    }

    /// The whole file is gone, or another hub's with a key of the same number lies in its place.
    @Test(arguments: [true, false])
    func aLostKeyIsGivenUpAndTheLogSaysSo(_ isMissing: Bool) async throws {
        try await TestHub.run { hub in
            await hub.services.audit.record([AuditAct(.admin), AuditAct(.admin)])
            await hub.services.audit.flush()
            let noted = try await hub.database.auditEnd()
            try FileManager.default.removeItem(atPath: hub.keysPath)
            if !isMissing { _ = try KeyRing(fileMadeIfMissing: hub.keysPath) }
            var configuration = hub.services.configuration
            (configuration.database, configuration.keys) = (hub.database.path, hub.keysPath)
            // A hub that runs would take the new file for its own, and could open nothing any more.
            let lock = try DatabaseLock(besides: hub.database.path)
            if isMissing {
                let asked = configuration
                await #expect(throws: HubError.self) { try await Backroom.replaceKeyFile(of: asked, givingUp: 1) }
                #expect(KeyRing.isMissing(file: hub.keysPath))
                _ = try KeyRing(fileMadeIfMissing: hub.keysPath, first: 2)
            }
            let backroom = try Self.backroom(hub)
            await #expect(throws: HubError.self) { try await backroom.retire(1, isLost: true) }
            _ = consume lock
            try await backroom.retire(1, isLost: true)
            #expect(try await backroom.keyUses().map(\.id) == [2])

            let chain = try await AuditChain.open(hub.database, keys: KeyRing(file: hub.keysPath))
            let verification = AuditVerification(store: hub.database, chain: chain)
            let end = try await hub.database.auditEnd()
            #expect(try await verification.run(noted: noted) == .sound(records: 2, end: end, unchecked: 2))
            let acts = try await hub.database.entries(AuditQuery(), after: 2, limit: 10).map(\.record.act)
            #expect(acts == ["begun-anew", "admin"])
            // And once what nobody can check was removed as too old, nothing is left unsaid.
            let kept = AuditLog(
                store: hub.database, keys: try KeyRing(file: hub.keysPath), keep: .seconds(1), logger: TestHub.quiet,
                now: { .now + 40 * 86400 })
            await kept.trim()
            #expect(try await verification.run() == .sound(records: 1, end: hub.database.auditEnd()))
        }
    }

    /// Who has the database alone has no key of the log.
    @Test func aThiefDoesNotBeginTheLogAnew() async throws {
        try await TestHub.run { hub in
            await hub.services.audit.record([AuditAct(.admin), AuditAct(.admin)])
            await hub.services.audit.flush()
            var record = AuditRecord(at: hub.clock.now, act: "begun-anew")
            record.orderedBy = "operator"
            _ = try await hub.database.append([record]) { _, _ in [UInt8](repeating: 7, count: 32) }
            guard case .tampered = try await Self.verification(hub).run() else { throw CancellationError() }

            // With a key of its own in the place of the log's, which no key of the hub sealed.
            let keys = try KeyRing(fileMadeIfMissing: hub.keysPath + ".thief")
            try await AuditChain.beginAnew(hub.database, keys: keys, lost: 1, at: hub.clock.now)
            await #expect(throws: HubError.self) { try await Self.verification(hub).run() }
        }
    }

    private static func verification(_ hub: TestHub) async throws -> AuditVerification {
        AuditVerification(
            store: hub.database, chain: try await AuditChain.open(hub.database, keys: KeyRing(file: hub.keysPath)))
    }

    @Test func aKeyFileIsNotMadeForAKeyThatNobodyNeeds() async throws {
        try await TestHub.run { hub in
            await hub.services.audit.record(AuditAct(.admin))
            await hub.services.audit.flush()
            try FileManager.default.removeItem(atPath: hub.keysPath)
            var configuration = hub.services.configuration
            (configuration.database, configuration.keys) = (hub.database.path, hub.keysPath)
            let asked = configuration
            let refusal = await #expect(throws: HubError.self) {
                try await Backroom.replaceKeyFile(of: asked, givingUp: 2)
            }
            #expect(refusal?.next == "it was key 1")
            #expect(!FileManager.default.fileExists(atPath: hub.keysPath))
        }
    }

    @Test func aDatabaseThatIsNotThereIsNotMade() async throws {
        try await TestHub.run { hub in
            var configuration = hub.services.configuration
            configuration.database = hub.database.path + ".other"
            let refusal = #expect(throws: HubError.self) { try Backroom(configuration, logger: TestHub.quiet) }
            #expect(refusal?.message.contains("no database") == true)
            #expect(!FileManager.default.fileExists(atPath: configuration.database))
        }
    }

    @Test func recordsArePrintedForPeopleAndForPrograms() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            for number in 1...3 {
                await hub.services.audit.record(AuditAct(.admin, of: ada, to: "\(number)", because: "two words"))
            }
            await hub.services.audit.flush()
            let backroom = try Self.backroom(hub)
            var (lines, last): ([String], [String]) = ([], [])
            var question = AuditQuestion()
            try question.ask(for: ["admin"])
            try await backroom.audit(question, asJSON: true) { lines.append($0) }
            question.last = 1
            try await backroom.audit(question, asJSON: false) { last.append($0) }
            #expect(lines.count == 3 && lines[0].contains(#""object":"1""#) && lines[0].contains(#""name":"ada""#))
            #expect(last.count == 1 && last[0].hasPrefix("3  2026-11-21T"))
            #expect(last[0].contains("admin  ada  ") && last[0].contains(#"why="two words""#))
        }
    }

    @Test(
        arguments: [
            ("2026-11-21", 1_795_219_200.0),
            ("2026-11-21T08:00:00Z", 1_795_248_000), ("2h", 1_795_256_559 - 7200),
            ("30d", 1_795_256_559 - 30 * 86400),
        ] as [(String, Double)])
    func aMomentIsWrittenInSeveralWays(_ text: String, _ seconds: Double) throws {
        let now = Date(timeIntervalSince1970: 1_795_256_559)
        #expect(try AuditQuestion.instant(text, at: now).timeIntervalSince1970 == seconds)
    }

    @Test(arguments: ["", "yesterday", "-1d", "1w", "2026-13-01", "d", "2026-02-30", "2026-11-21T25:00:00Z"])
    func whatIsNoMomentIsRefused(_ text: String) {
        #expect(throws: HubError.self) { try AuditQuestion.instant(text, at: Date(timeIntervalSince1970: 0)) }
    }

    @Test func anUnknownActIsNamed() {
        var question = AuditQuestion()
        let refusal = #expect(throws: HubError.self) { try question.ask(for: ["login", "logn"]) }
        #expect(refusal?.message.contains("`logn`") == true)
    }

    /// The configured one of a cluster may be long over: the hub renews it by itself.
    @Test func theDoctorShowsTheTokenThatTheHubShows() async throws {
        try await TestHub.run { hub in
            func token(_ mark: String, from begin: Int) -> Secret {
                let claims = #"{"sub":"system:serviceaccount:hub:orrery","iat":\#(begin),"exp":\#(begin + 3600)}"#
                return Secret("\(Base64URL.encode(Array(mark.utf8))).\(Base64URL.encode(Array(claims.utf8))).s")
            }
            let (old, new) = (token("old", from: 0), token("new", from: 1800))
            let shown = Mutex<[String]>([])
            try await serving { request in
                shown.withLock { $0.append(request.headers[.authorization] ?? "") }
                let list = #"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}"#
                return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: list)))
            } while: { url in
                var configuration = hub.services.configuration
                let access = ClusterAccess(name: "north", server: url, token: old, namespace: "hub")
                configuration.clusters = [HubConfiguration.Cluster(title: "North", access: access)]
                (configuration.database, configuration.keys) = (hub.database.path, hub.keysPath)
                let shelf = ClusterTokenShelf(
                    store: hub.database, keys: hub.services.keys, logger: TestHub.quiet)
                try await shelf.keep(new, of: access)
                let doctor = HubDoctor(try Backroom(configuration, logger: TestHub.quiet))
                let findings = try await doctor.findings(cluster: "north")
                #expect(findings.contains { $0.words.contains("shows 0 pods") }, "\(findings)")
            }
            #expect(shown.withLock { $0 } == ["Bearer \(new.reveal())"])
        }
    }
}
