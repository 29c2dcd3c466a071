package import Foundation
import OrreryModel
import OrreryStore

/// Which records of the audit log somebody wants to see, as it is written on a command line.
package struct AuditQuestion: Sendable {
    package var person: String?
    package var since: Date?
    package var until: Date?
    private(set) var acts: [String] = []
    /// Only so many of the last ones; nil for all.
    package var last: UInt32?

    package init() {}

    /// Asks for records of these acts. Throws the sentence that names an unknown one.
    package mutating func ask(for acts: [String]) throws(HubError) {
        let known = AuditAct.Kind.allCases.map(\.rawValue)
        if let wrong = acts.first(where: { !known.contains($0) }) {
            throw HubError(
                .badRequest, "the audit log knows no act `\(wrong)`", next: "one of: \(known.joined(separator: ", "))")
        }
        self.acts = acts
    }

    /// The moment that `text` means: `2026-11-21`, midnight UTC; `2026-11-21T08:00:00Z`; or `12h`, `30d`, so long ago.
    package static func instant(_ text: String, at now: Date) throws(HubError) -> Date {
        if let date = Timestamp.date(text) ?? Timestamp.date(text + "T00:00:00Z") { return date }
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = UInt32(text.dropLast()) else {
            throw HubError(
                .badRequest, "`\(text)` is no moment",
                next: "write 2026-11-21, 2026-11-21T08:00:00Z, or 12h for so long ago")
        }
        return now - Double(count) * unit
    }

    var query: AuditQuery { AuditQuery(person: person, since: since, until: until, acts: acts) }
}
