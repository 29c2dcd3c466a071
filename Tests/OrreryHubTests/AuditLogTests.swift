import Foundation
import OrreryCrypto
import OrreryModel
import Testing

@testable import OrreryHub
@testable import OrreryStore

/// The log of who did what: everything arrives, in order, and nothing can be taken back unseen.
@Suite struct AuditLogTests {
    private static func entries(_ hub: TestHub, _ query: AuditQuery = AuditQuery()) async throws -> [AuditEntry] {
        await hub.services.audit.flush()
        return try await hub.database.entries(query, after: 0, limit: 100)
    }

    private static func verify(_ hub: TestHub, noted: AuditPlace? = nil) async throws -> AuditVerification.Finding {
        let chain = try await AuditChain.open(hub.database, keys: hub.services.keys)
        return try await AuditVerification(store: hub.database, chain: chain).run(noted: noted)
    }

    @Test func everyFieldComesBack() async throws {
        try await TestHub.run { hub in
            let (ada, root) = (try await hub.person("ada"), try await hub.person("root-1", isAdmin: true))
            let origin = RequestOrigin(
                id: "request-1", way: RequestWay(peer: nil, forwarded: ForwardedFor("10.0.0.1, 192.0.2.7")))
            await RequestOrigin.$current.withValue(origin) {
                await hub.services.audit.record(
                    AuditAct(.stop, of: ada, by: root, on: "north", to: "session-1", because: "too late"))
            }
            let entry = try #require(try await Self.entries(hub).first)
            var expected = AuditRecord(at: entry.record.at, act: "stop")
            (expected.person, expected.name, expected.identity) = (ada.id, "ada", ada.person.identity)
            (expected.orderedBy, expected.address) = ("root-1", "10.0.0.1, 192.0.2.7")
            (expected.cluster, expected.object) = ("north", "session-1")
            (expected.why, expected.request) = ("too late", "request-1")
            #expect(entry.record == expected && entry.number == 1)
            #expect(abs(entry.record.at.timeIntervalSince(hub.clock.now)) < 0.001)
        }
    }

    @Test func nobodyWaitsForARecordExceptWhereAnOperatorActed() async throws {
        try await TestHub.run { hub in
            await hub.services.audit.record(AuditAct(.logout))
            let before = try await hub.database.auditEnd()
            await hub.services.audit.record(AuditAct(.suspension))
            try await hub.services.audit.settle()
            let after = try await hub.database.auditEnd()
            #expect(before == .start && after.number == 2)
        }
    }

    @Test func recordsOfManyTasksAreAllThere() async throws {
        try await TestHub.run { hub in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        await hub.services.audit.record(
                            AuditAct(number.isMultiple(of: 7) ? .admin : .stop, to: "\(number)"))
                    }
                }
            }
            await hub.services.audit.flush()
            let entries = try await hub.database.entries(AuditQuery(), after: 0, limit: 1000)
            #expect(entries.map(\.number) == Array(1...200))
            #expect(Set(entries.compactMap(\.record.object)).count == 200)
            #expect(try await Self.verify(hub) == .sound(records: 200, end: hub.database.auditEnd()))
        }
    }

    @Test func onlyWhatIsAskedForIsGiven() async throws {
        try await TestHub.run { hub in
            let (ada, eve) = (try await hub.person("ada"), try await hub.person("eve"))
            let start = hub.clock.now
            for (index, act) in [
                AuditAct(.login, of: ada), AuditAct(.stop, of: eve, by: ada), AuditAct(.logout, of: eve),
            ].enumerated() {
                if index > 0 { hub.clock.turn(by: .seconds(60)) }
                await hub.services.audit.record(act)
            }
            for (query, numbers) in [
                (AuditQuery(person: "ada"), [1, 2]), (AuditQuery(person: "eve"), [2, 3]),
                (AuditQuery(acts: ["login", "logout"]), [1, 3]), (AuditQuery(since: start + 60), [2, 3]),
                (AuditQuery(until: start + 60), [1]), (AuditQuery(person: "ada", acts: ["logout"]), []),
            ] as [(AuditQuery, [Int64])] {
                #expect(try await Self.entries(hub, query).map(\.number) == numbers, "\(query)")
            }
        }
    }

    @Test(arguments: [
        "the token orrery_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa is wrong",
        "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl is wrong",
    ])
    func nothingThatLooksLikeATokenIsWrittenDown(_ why: String) async throws {
        try await TestHub.run { hub in
            await hub.services.audit.record(AuditAct(.loginRefused, because: why + "\r\nlogin ada"))
            let text = try #require(try await Self.entries(hub).first?.record.why)
            #expect(text.hasSuffix("… is wrong  login ada") && !text.contains("eyJ") && !text.contains("orrery_"))
        }
    }

    @Test func aLogThatWasCutOffIsFound() async throws {
        try await TestHub.run { hub in
            for number in 1...3 { await hub.services.audit.record(AuditAct(.admin, to: "\(number)")) }
            await hub.services.audit.flush()
            let end = try await hub.database.auditEnd()
            #expect(try await Self.verify(hub, noted: end) == .sound(records: 3, end: end))
            let beyond = AuditPlace(number: 4, mark: end.mark)
            #expect(
                try await Self.verify(hub, noted: beyond)
                    == .tampered("the log ends at record 3: records after it were cut off"))
            let other = AuditPlace(number: 2, mark: end.mark)
            #expect(try await Self.verify(hub, noted: other) == .tampered("record 2 is not the one that was noted"))
        }
    }

    @Test(arguments: [
        ("UPDATE audit SET why = 'nothing' WHERE number = 2", "record 2 is not what was written"),
        ("UPDATE audit SET name = NULL WHERE number = 1", "record 1 is not what was written"),
        ("UPDATE audit SET name = '', why = NULL WHERE number = 3", "record 3 is not what was written"),
        ("DELETE FROM audit WHERE number = 2", "record 2 is missing"),
        ("DELETE FROM audit WHERE number = 1", "record 1 is missing"),
        (
            "INSERT INTO audit_removed SELECT 1, mark, 0 FROM audit WHERE number = 1; DELETE FROM audit WHERE number = 1",
            "no record says"
        ),
        (
            "UPDATE audit SET number = 9 - number; UPDATE audit SET number = number - 5",
            "record 1 is not what was written"
        ),
    ])
    func aLogThatWasTamperedWithIsFound(_ sql: String, _ words: String) async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            for number in 1...3 {
                await hub.services.audit.record(AuditAct(.admin, of: ada, to: "\(number)", because: ""))
            }
            await hub.services.audit.flush()
            // As somebody who writes to the file, and takes the triggers away first.
            let triggers = ["audit_is_not_changed", "audit_is_not_removed", "audit_grows_at_its_end"]
            let thief = Migration(
                number: Migration.all.count + 1, name: "of a thief",
                sql: triggers.map { "DROP TRIGGER \($0);" }.joined() + sql)
            _ = try Database(path: hub.database.path, migrations: Migration.all + [thief])
            guard case .tampered(let sentence) = try await Self.verify(hub) else { throw CancellationError() }
            #expect(sentence.contains(words), "\(sentence)")
        }
    }

    @Test func oldMonthsGoAndTheLogSaysSo() async throws {
        try await TestHub.run { hub in
            let log = AuditLog(
                store: hub.database, keys: hub.services.keys, keep: .seconds(30 * 86400), logger: TestHub.quiet,
                now: { hub.clock.now })
            for number in 1...4 {
                await log.record(AuditAct(.admin, to: "\(number)"))
                await log.flush()
                hub.clock.turn(by: .seconds(40 * 86400))
            }
            await log.trim()
            let entries = try await hub.database.entries(AuditQuery(), after: 0, limit: 10)
            #expect(entries.map(\.number) == [4, 5] && entries.last?.record.act == "trimmed")
            #expect(try await Self.verify(hub) == .sound(records: 2, end: hub.database.auditEnd()))
            await log.trim()
            #expect(try await hub.database.auditEnd().number == 5)
            // All of it, in the end: the log is never empty.
            hub.clock.turn(by: .seconds(400 * 86400))
            await log.trim()
            #expect(try await Self.verify(hub) == .sound(records: 1, end: hub.database.auditEnd()))
        }
    }

    @Test func whatTheDatabaseDoesNotTakeIsKeptUntilItDoes() async throws {
        try await TestHub.run { hub in
            let store = StubbornAuditStore(hub.database)
            let log = AuditLog(
                store: store, keys: hub.services.keys, limit: 3, logger: TestHub.quiet, now: { hub.clock.now })
            store.refuses = true
            for number in 1...5 { await log.record(AuditAct(.admin, to: "\(number)")) }
            let refusal = await #expect(throws: HubError.self) { try await log.settle() }
            #expect(refusal?.kind == .unavailable)
            #expect(try await hub.database.auditEnd() == .start)
            store.refuses = false
            await log.record(AuditAct(.stop, to: "6"))
            await log.flush()
            let records = try await hub.database.entries(AuditQuery(), after: 0, limit: 10).map(\.record)
            #expect(records.map(\.act) == ["admin", "admin", "admin", "gap"])
            #expect(records.compactMap(\.object) == ["1", "2", "3"])
            #expect(records.last?.why?.hasPrefix("3 records") == true)
        }
    }

    @Test func withoutItsKeysTheHubDoesNotBegin() async throws {
        try await TestHub.run { hub in
            await hub.services.audit.record(AuditAct(.admin))
            await hub.services.audit.flush()
            let path = FileManager.default.temporaryDirectory.path + "/orrery-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: path) }
            let other = AuditLog(
                store: hub.database, keys: try KeyRing(fileMadeIfMissing: path), logger: TestHub.quiet,
                now: { hub.clock.now })
            let refusal = await #expect(throws: HubError.self) { try await other.prepare() }
            #expect(refusal?.kind == .cannotStart)
        }
    }
}
