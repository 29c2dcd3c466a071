import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

@Suite struct CredentialStoreTests {
    let test: TestDatabase
    let database: Database

    init() throws {
        test = try TestDatabase()
        database = try test.open()
    }

    private func ada() async throws -> Int64 {
        try await database.register(Sample.person("ada"), isAdmin: false, at: Sample.now).id
    }

    private func credential(_ person: Int64, at offset: Double = 0, issuer: String = "lab") -> CredentialRecord {
        CredentialRecord(
            person: person, issuer: issuer, subject: "s", sealed: [1, 2], loginAt: Sample.now + offset,
            checkedAt: Sample.now + offset)
    }

    @Test func theLastLoginsIsKept() async throws {
        let ada = try await ada()
        try await database.keep(credential(ada))
        let later = credential(ada, at: 5)
        try await database.keep(later)
        try await database.keep(credential(ada, at: 2, issuer: "other"))
        #expect(try await database.credential(person: ada, issuer: "lab") == later)
        #expect(try await database.latestCredential(person: ada) == later)
        #expect(try await database.allCredentials().count == 2)
        #expect(try await database.removeCredential(person: ada, issuer: "lab") == later)
        #expect(try await database.removeCredentials(person: ada).map(\.issuer) == ["other"])
        #expect(try await database.latestCredential(person: ada) == nil)
    }

    // A refresh that took long must not bury the tokens of the login that happened meanwhile, nor another refresh's.
    @Test func onlyWhatWasReadIsReplaced() async throws {
        let ada = try await ada()
        let first = credential(ada)
        try await database.keep(first)
        #expect(try await database.renew(first, sealed: [3]))
        #expect(try await !database.renew(first, sealed: [4]))
        try await database.keep(credential(ada, at: 1))
        let old = try #require(try await database.credential(person: ada, issuer: "lab"))
        #expect(try await !database.end(first, at: Sample.now))
        #expect(try await database.end(old, at: Sample.now + 2))
        #expect(try await !database.end(old, at: Sample.now + 3))
        let ended = try #require(try await database.credential(person: ada, issuer: "lab"))
        #expect(ended.sealed == nil && ended.endedAt == Sample.now + 2)
        #expect(try await !database.renew(old, sealed: [5]))
    }

    @Test func onlyTheLastLoginsIssuerSaysTheGroups() async throws {
        let ada = try await ada()
        let science: Set = [Group(name: "science")]
        #expect(try await database.regroup(by: credential(ada), science, isAdmin: true) == nil)
        try await database.keep(credential(ada))
        let regrouped = try await database.regroup(by: credential(ada), science, isAdmin: true)
        #expect(regrouped?.person.groups == science && regrouped?.isAdmin == true)
        try await database.keep(credential(ada, at: 1, issuer: "other"))
        #expect(try await database.regroup(by: credential(ada), [], isAdmin: false) == nil)
        #expect(try await database.person(id: ada) == regrouped)
        #expect(try await database.regroup(by: credential(ada, at: 1, issuer: "other"), [], isAdmin: false) != nil)
    }

    @Test func whoIsActiveAndWasNotCheckedIsDue() async throws {
        let ada = try await ada()
        try await database.keep(credential(ada))
        let due = { (seen: Double, checked: Double) in
            try await database.dueForRecheck(
                seenAfter: Sample.now + seen, checkedBefore: Sample.now + checked, at: Sample.now)
        }
        #expect(try await due(-1, 0).isEmpty)
        try await database.insert(
            LoginRecord(
                hash: Sample.hash(1), person: ada, sid: "sid", createdAt: Sample.now, expiresAt: Sample.now + 60,
                lastSeen: Sample.now))
        #expect(try await due(-1, 0) == [ada])
        #expect(try await due(0, 0).isEmpty)
        #expect(try await due(-1, -1).isEmpty)
        try await database.markChecked(credential(ada), at: Sample.now + 1)
        try await database.markChecked(credential(ada, at: 9), at: Sample.now + 7)
        #expect(try await due(-1, 0).isEmpty)
        #expect(try await due(-1, 1) == [ada])
        _ = try await database.end(credential(ada), at: Sample.now)
        #expect(try await due(-1, 1).isEmpty)
    }

    /// Somebody whose programs come with a token, and who is never seen at a browser, keeps no group for longer than others.
    @Test func whoseProgramsAreActiveIsDueToo() async throws {
        let ada = try await ada()
        try await database.keep(credential(ada))
        try await database.insert(token(of: ada, .server, lastUsed: Sample.now, "1"))
        try await database.insert(token(of: ada, .oauth, lastUsed: Sample.now, "3"))
        let due = {
            try await database.dueForRecheck(seenAfter: Sample.now - 1, checkedBefore: Sample.now, at: Sample.now)
        }
        #expect(try await due().isEmpty)
        #expect(try await database.removeIdleCredentials(before: Sample.now) == 0)
        try await database.insert(token(of: ada, .personal, lastUsed: nil, "2"))
        #expect(try await due().isEmpty)
        #expect(try await database.removeIdleCredentials(before: Sample.now + 1) == 0)
        try await database.touchTokens([(id: "2", at: Sample.now)])
        #expect(try await due() == [ada])
    }

    /// The hub's own pages are not all that somebody at work looks at.
    @Test func whoIsSeenInAServerIsDueToo() async throws {
        let ada = try await ada()
        try await database.keep(credential(ada))
        try await database.insert(token(of: ada, .oauth, lastUsed: Sample.now, "1", sid: "sid"))
        let due = { (seen: Double) in
            try await database.dueForRecheck(
                seenAfter: Sample.now + seen, checkedBefore: Sample.now, at: Sample.now)
        }
        #expect(try await due(-1) == [ada])
        #expect(try await due(0).isEmpty)
    }

    private func token(
        of person: Int64, _ kind: TokenRecord.Kind, lastUsed: Date?, _ id: String, sid: String? = nil
    ) -> TokenRecord {
        TokenRecord(
            id: id, hash: Sample.hash(UInt8(id) ?? 0), person: person, kind: kind, session: nil, sid: sid, scopes: [],
            note: "", createdAt: Sample.now, expiresAt: nil, lastUsed: lastUsed)
    }

    @Test func whatNobodyUsesIsRemoved() async throws {
        let ada = try await ada()
        try await database.keep(credential(ada))
        let record = try #require(try await database.person(id: ada))
        let session = Sample.session(of: record)
        try await database.create(session)
        #expect(try await database.removeIdleCredentials(before: Sample.now + 1) == 0)
        _ = try await database.update(session.id) { $0.end(.crashed, "", at: Sample.now) }
        #expect(try await database.removeIdleCredentials(before: Sample.now) == 0)
        #expect(try await database.removeIdleCredentials(before: Sample.now + 1) == 1)
    }

    @Test func aRemovedPersonLeavesNone() async throws {
        let ada = try await ada()
        try await database.keep(credential(ada))
        try await database.remove(person: ada)
        #expect(try await database.allCredentials().isEmpty)
    }
}
