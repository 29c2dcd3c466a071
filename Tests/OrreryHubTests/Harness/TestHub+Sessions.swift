import Foundation
import OrreryModel
import OrreryPolicy
import OrreryStore
import Testing

@testable import OrreryHub

extension TestHub {
    /// Somebody who has logged in before.
    func person(_ name: String, groups: Set<Group> = [Group(name: "atlas", gid: 5001)], isAdmin: Bool = false)
        async throws -> PersonRecord
    {
        let identity = Identity(issuer: "https://issuer.test", subject: name)
        if let known = try await database.person(identity: identity) { return known }
        let number = UInt32(20001 + name.utf8.reduce(0) { $0 + Int($1) })
        issuers.knows(name, as: .init(suggestedName: name, groups: groups, uid: number, gid: number))
        return try await database.register(
            Person(identity: identity, name: name, uid: number, gid: number, groups: groups), isAdmin: isAdmin,
            at: clock.now)
    }

    /// A session of `person` in `state`, as the spawner would have stored it.
    @discardableResult
    func session(of person: PersonRecord, server: String = "", state: SessionState = .ready) async throws
        -> SessionRecord
    {
        let result = services.desk.policy.plan(for: person.person, profile: "standard", cluster: "north", at: clock.now)
        guard case .plan(let plan) = result else { throw HubError(.broken, "\(result)") }
        let name = person.person.name
        let id = RecordID.fresh(at: clock.now)
        try await database.create(
            SessionRecord(
                id: id, person: person.id, personName: name, server: server, profile: "standard", environment: "lab",
                size: "small", cluster: "north", plan: plan, planHash: "0", spawn: RecordID.fresh(at: clock.now),
                namespace: "hub", pod: "pod-\(id)", address: state.mayHaveRoute ? "127.0.0.9:8888" : nil,
                prefix: server.isEmpty ? "/user/\(name)/" : "/user/\(name)/\(server)/", createdAt: clock.now))
        let now = clock.now
        return try await database.advance(id, at: now) { session in
            if state == .ended {
                session.end(.crashed, "The notebook server crashed.", at: now)
            } else {
                session.state = state
            }
            if state == .ready { session.readyAt = now }
        }.session
    }

    /// The token that the pod of `session` carries.
    func serverToken(for session: SessionRecord) async throws -> String {
        try await services.gate.tokens.issueServerToken(for: session).reveal()
    }

    /// A token with `scopes`, as a script would use it.
    func token(of person: PersonRecord, scopes: [String], lasting: Duration = .seconds(3600)) async throws -> String {
        let text = "\(Tokens.mark)\(UUID().uuidString)"
        try await database.insert(
            TokenRecord(
                id: RecordID.fresh(at: clock.now), hash: Fingerprint.of(text), person: person.id, kind: .personal,
                session: nil, sid: nil, scopes: scopes, note: "", createdAt: clock.now,
                expiresAt: clock.now + lasting.seconds))
        return text
    }
}
