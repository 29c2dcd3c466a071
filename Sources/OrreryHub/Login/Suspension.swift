import Foundation
import Logging
import OrreryModel
import OrreryStore

/// Ends everything that a person has open, at once and in every place: logins, the proxy's tickets, tokens, and the
/// sessions on all clusters.
struct Suspension: Sendable {
    let persons: any PersonStore
    let logins: any LoginStore
    let tokens: any TokenStore
    let ended: any GateStore
    let sessions: any SessionStore
    let proxy: ProxyBook
    let desk: SessionDesk
    let credentials: Credentials
    let audit: AuditLog
    let now: @Sendable () -> Date
    let logger: Logger

    /// Suspends `person` by the order of `chief`. Doing it again does what an earlier time could not, so after an error it
    /// is tried again.
    func suspend(_ person: PersonRecord, by chief: PersonRecord) async throws {
        // First, so that nothing new begins: every login and every token is held against it.
        _ = try await persons.setSuspended(true, person: person.id)
        await audit.record(AuditAct(.suspension, of: person, by: chief))
        logger.notice("person suspended", metadata: facts(person, chief))
        try await endLogins(of: person)
        _ = try await tokens.removeTokens(person: person.id)
        try await credentials.giveBack(person: person.id)
        try await stopSessions(of: person, by: chief)
        try await audit.settle()
    }

    /// Lets `person` log in again. What was ended stays ended.
    func lift(_ person: PersonRecord, by chief: PersonRecord) async throws {
        _ = try await persons.setSuspended(false, person: person.id)
        await audit.record(AuditAct(.readmission, of: person, by: chief))
        logger.notice("suspension lifted", metadata: facts(person, chief))
        try await audit.settle()
    }

    /// Removes `person` for ever; the name, the uid and the identities stay taken. False while a session is still stopping: then
    /// the person is suspended, and this has to be asked for again.
    func remove(_ person: PersonRecord, by chief: PersonRecord) async throws -> Bool {
        try await suspend(person, by: chief)
        guard try await sessions.active(person: person.id).isEmpty else { return false }
        try await persons.remove(person: person.id)
        await audit.record(AuditAct(.removal, of: person, by: chief))
        logger.notice("person removed", metadata: facts(person, chief))
        try await audit.settle()
        return true
    }

    private func endLogins(of person: PersonRecord) async throws {
        let open = try await logins.logins(person: person.id, at: now())
        // Before they are forgotten, so that a proxy which starts anew is told whatever happens to this hub.
        for login in open { try await ended.rememberEnded(sid: login.sid, until: now() + ProxyBook.memory.seconds) }
        _ = try await logins.removeLogins(person: person.id)
        for login in open { await proxy.refuse(sid: login.sid) }
    }

    /// A cluster that is away does not keep the sessions on the others alive.
    private func stopSessions(of person: PersonRecord, by chief: PersonRecord) async throws {
        var failure: (any Error)?
        for session in try await sessions.active(person: person.id) where session.state != .stopping {
            do { try await desk.stop(session, by: chief) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func facts(_ person: PersonRecord, _ chief: PersonRecord) -> Logger.Metadata {
        ["person": "\(person.person.name)", "by": "\(chief.person.name)"]
    }
}
