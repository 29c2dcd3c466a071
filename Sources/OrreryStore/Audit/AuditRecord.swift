package import FoundationEssentials
package import OrreryModel

/// What somebody did, or was refused. No field is ever a token, a cookie or a code.
package struct AuditRecord: Hashable, Sendable {
    package let at: Date
    /// What was done, as one word.
    package let act: String
    /// Whom it concerns: the person here, if it is one, and the identity at the issuer, where that was seen.
    package var person: Int64?
    package var name: String?
    package var identity: Identity?
    /// The name of who ordered it, when that is somebody else; `operator` for a command on the hub's machine.
    package var orderedBy: String?
    /// The addresses of the client as `X-Forwarded-For` names them; the last is the one that our own proxy saw.
    package var address: String?
    package var cluster: String?
    /// What it was done to: a session, a token's id, a fileset.
    package var object: String?
    package var why: String?
    /// The request that it was part of, as in the log and on error pages.
    package var request: String?

    package init(at: Date, act: String) {
        self.at = at
        self.act = act
    }
}

/// A record in its place in the log.
package struct AuditEntry: Hashable, Sendable {
    /// Counted from 1, without a gap.
    package let number: Int64
    package let record: AuditRecord
    /// 32 bytes that follow from this record and the mark before it, for whoever has the log's key.
    package let mark: [UInt8]

    package init(number: Int64, record: AuditRecord, mark: [UInt8]) {
        self.number = number
        self.record = record
        self.mark = mark
    }
}

/// A place in the log: after this many records, with the mark of the last.
package struct AuditPlace: Hashable, Sendable {
    package let number: Int64
    package let mark: [UInt8]

    package init(number: Int64, mark: [UInt8]) {
        self.number = number
        self.mark = mark
    }

    /// Before the first record.
    package static let start = AuditPlace(number: 0, mark: [UInt8](repeating: 0, count: 32))
}

/// Which records somebody wants to see.
package struct AuditQuery: Sendable {
    /// A person's name, whether it concerned or ordered.
    package var person: String?
    package var since: Date?
    package var until: Date?
    package var acts: [String]

    package init(person: String? = nil, since: Date? = nil, until: Date? = nil, acts: [String] = []) {
        self.person = person
        self.since = since
        self.until = until
        self.acts = acts
    }
}
