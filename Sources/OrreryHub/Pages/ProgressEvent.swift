internal import FoundationEssentials
internal import OrreryModel

/// One line of the progress page, in the page and as a server-sent event.
struct ProgressEvent: Sendable, Encodable {
    let number: Int
    let state: String
    let message: String
    let at: Moment

    init(number: Int, state: SessionState, message: String, at instant: Date) {
        self.number = number
        self.state = state.rawValue
        self.message = message
        at = Moment(instant)
    }

    /// The event as the page's script reads it (WHATWG HTML 9.2.6): `id` lets the browser resume after a broken
    /// connection with `Last-Event-ID`. The script opens the notebook at state `ready` and loads the page again at `ended`.
    func serverSent() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // JSON has no raw line break, so the event is one line and nothing in `message` can end it.
        // What is only said has no number: the browser goes on from the last one that has.
        let id = number == 0 ? "" : "id: \(number)\n"
        return "\(id)data: \(String(decoding: try encoder.encode(self), as: UTF8.self))\n\n"
    }
}
