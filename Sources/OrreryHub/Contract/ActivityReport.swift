import Foundation
import OrreryModel

/// What a single-user server says about its use:
/// `{"servers": {"": {"last_activity": "2026-11-21T10:23:52.748430Z"}}, "last_activity": "…"}`.
struct ActivityReport: Sendable {
    /// The last activity of each server, by its name.
    let byServer: [String: Date]

    /// Refuses what the contract refuses: nothing reported, a moment that is none, one more than an hour ahead.
    init(_ body: JSON?, now: Date) throws(HubError) {
        guard let body, body["servers"] != nil || body["last_activity"] != nil else {
            throw HubError(.badRequest, "the body must have `last_activity` or `servers`")
        }
        if let person = body["last_activity"] { _ = try Self.moment(person, now: now) }
        guard body["servers"] == nil || body["servers"]?.object != nil else {
            throw HubError(.badRequest, "`servers` must be an object with the servers' names")
        }
        var found: [String: Date] = [:]
        for (server, report) in body["servers"]?.object ?? [:] {
            found[server] = try Self.moment(report["last_activity"] ?? .null, now: now)
        }
        byServer = found
    }

    private static func moment(_ value: JSON, now: Date) throws(HubError) -> Date {
        guard let text = value.string, let moment = Timestamp.date(text) else {
            throw HubError(.badRequest, "not a moment with date, time and zone: '\(value.string ?? "")'")
        }
        // Clocks of nodes differ; an hour is more than any of them may be wrong.
        guard moment < now + 3600 else { throw HubError(.badRequest, "more than an hour in the future: \(text)") }
        return moment
    }
}
