import Foundation
import OrreryModel
import OrreryStore

/// One thing that somebody did or was refused, as it is written into the audit log. When it was, from which address and in
/// which request is added by the log.
struct AuditAct: Sendable {
    let kind: Kind
    /// Whom it concerns.
    var person: PersonRecord?
    /// As whom somebody came who is no person here, or with which identity.
    var identity: Identity?
    /// Who ordered it, when it is somebody else.
    var chief: String?
    var cluster: String?
    /// What it was done to, by its name or id: a session, a token, a fileset. Never the token itself.
    var object: String?
    /// The reason in one clause, such as the sentence of a refusal.
    var why: String?

    /// The words that stand in the log and that `orrery audit --act` knows.
    enum Kind: String, CaseIterable, Sendable {
        case login
        case loginRefused = "login-refused"
        case logout
        case spawn
        case spawnRefused = "spawn-refused"
        case stop
        /// A session was given a fileset that the policy calls sensitive.
        case grant
        case link
        case unlink
        case suspension
        case readmission
        case removal
        case tokenMade = "token-made"
        case tokenRevoked = "token-revoked"
        /// Somebody let a program in, or did not: the token is made later, when the program asks, and from where that is.
        case programAllowed = "program-allowed"
        case programDenied = "program-denied"
        /// A cluster became a member.
        case clusterJoined = "cluster-joined"
        /// A cluster that asked to join was refused.
        case clusterDenied = "cluster-denied"
        /// Somebody decided something about a cluster.
        case clusterChanged = "cluster-changed"
        /// A cluster did what a sound one does not.
        case clusterAlert = "cluster-alert"
        /// Something else that an operator did.
        case admin
        /// The key of this log's marks was lost: what stands before this record has marks that nobody can check.
        case begunAnew = "begun-anew"
        /// Old records were removed from this log.
        case trimmed
        /// Records were lost before they could be written.
        case gap
    }

    init(
        _ kind: Kind, of person: PersonRecord? = nil, as identity: Identity? = nil, by chief: PersonRecord? = nil,
        on cluster: String? = nil, to object: String? = nil, because why: String? = nil
    ) {
        self.kind = kind
        (self.person, self.identity) = (person, identity)
        self.chief = chief.flatMap { $0.id == person?.id ? nil : $0.person.name }
        (self.cluster, self.object, self.why) = (cluster, object, why)
    }

    /// What a command on the hub's machine did: who may run it is the operator, whatever the name.
    static func command(_ why: String, to object: String, kind: Kind = .admin) -> AuditAct {
        var act = AuditAct(kind, to: object, because: why)
        act.chief = "operator"
        return act
    }

    func record(at instant: Date, from origin: RequestOrigin?) -> AuditRecord {
        var record = AuditRecord(at: instant, act: kind.rawValue)
        (record.person, record.name) = (person?.id, person?.person.name)
        record.identity = identity ?? person?.person.identity
        record.orderedBy = chief
        (record.address, record.request) = (origin?.way.words, origin?.id)
        (record.cluster, record.object, record.why) = (
            cluster.map(Self.clean), object.map(Self.clean), why.map(Self.clean)
        )
        return record
    }

    /// At most so many bytes of one line, and nothing in it that looks like a token: these texts may repeat what somebody
    /// sent.
    private static func clean(_ text: String) -> String {
        // Nearly always it is a name or an id: a look at its bytes costs a hundredth of what follows.
        if text.utf8.count <= 512, text.utf8.allSatisfy({ 0x20..<0x7F ~= $0 }), !mayHoldToken(text) { return text }
        let line = String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
        let harmless = line.replacing(/orrery_[A-Za-z0-9_-]+|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+/, with: "…")
        return harmless.utf8.count <= 512 ? harmless : String(decoding: harmless.utf8.prefix(509), as: UTF8.self) + "…"
    }

    private static func mayHoldToken(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return zip(bytes, bytes.dropFirst()).contains { $0 == (UInt8(ascii: "y"), UInt8(ascii: "_")) }
            || zip(bytes, bytes.dropFirst()).contains { $0 == (UInt8(ascii: "e"), UInt8(ascii: "y")) }
    }
}
