import OrreryModel
import OrreryStore

/// Why a session ends: the word for code, and the sentence for its person.
struct Ending: Hashable, Sendable {
    let reason: EndReason
    let sentence: String

    init(_ reason: EndReason, _ sentence: String) {
        self.reason = reason
        self.sentence = sentence
    }
}

extension Ending {
    static func stopped(by name: String) -> Ending { Ending(.stoppedByPerson, "\(Opening.stopped) \(name).") }
    static var finished: Ending { Ending(.finished, "\(Opening.finished).") }
    static var lifetime: Ending { Ending(.lifetime, "\(Opening.lifetime): the profile allows no longer session.") }
    static func lost(_ why: String) -> Ending { Ending(.lost, "\(Opening.lost): \(why)") }

    /// The ending that a session was on its way to when the hub went away. The store keeps the reason of ended sessions
    /// only; until then the sentence, which is stored before anything is done, tells it.
    init(resuming session: SessionRecord) {
        let sentence = session.message
        let reason: EndReason =
            if sentence.hasPrefix(Opening.stopped) {
                .stoppedByPerson
            } else if sentence.hasPrefix(Opening.finished) {
                .finished
            } else if sentence.hasPrefix(Opening.lifetime) {
                .lifetime
            } else if sentence.hasPrefix(Opening.lost) {
                .lost
            } else if session.readyAt == nil {
                .failedToStart
            } else {
                .crashed
            }
        self.init(reason, sentence)
    }

    private enum Opening {
        static let stopped = "Stopped by"
        static let finished = "The notebook server ended by itself"
        static let lifetime = "Its time is over"
        static let lost = "Lost"
    }
}
