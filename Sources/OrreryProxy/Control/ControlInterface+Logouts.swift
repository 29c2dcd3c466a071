internal import OrreryModel
internal import OrreryWire

/// Logouts that our hub reports.
extension ControlInterface {
    func addLogouts(_ request: Request) -> Answer {
        guard let object = JSONText.read(request.body)?.object, let listed = object["session-ids"]?.array else {
            return .text(400, "Must specify 'session-ids' as a list of strings")
        }
        let sessions = listed.compactMap(\.string)
        guard sessions.count == listed.count, !sessions.contains(""), let seconds = (object["seconds"] ?? 300).integer,
            (1...86_400).contains(seconds)
        else { return .text(400, "'session-ids' are strings, and 'seconds' a number up to a day") }
        let now = wallClock()
        shared.logouts.add(sessions, until: now + UInt64(seconds) * 1000, now: now)
        // Connections that were upgraded before have no next request at which it would be noticed.
        for signal in signals { signal.descriptor.signal() }
        return Answer(status: 204)
    }
}
