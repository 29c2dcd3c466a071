import OrreryModel
package import OrreryStore

/// Why a session ends: the word for code, and the sentence for its person.
struct Ending: Hashable, Sendable {
    let reason: EndReason
    let sentence: String

    init(_ reason: EndReason, _ sentence: String) {
        self.reason = reason
        self.sentence = sentence.shortened(to: Self.longest)
    }

    /// Bytes of a sentence about a session. It may quote names and reasons of which a cluster has made much.
    static var longest: Int { 4 << 10 }
}

extension Ending {
    static func stopped(by name: String) -> Ending { Ending(.stoppedByPerson, "Stopped by \(name).") }
    static var finished: Ending { Ending(.finished, "The notebook server ended by itself.") }
    static var lifetime: Ending { Ending(.lifetime, "Its time is over: it may not last longer.") }
    static func idle(_ limit: Duration) -> Ending {
        Ending(.idle, "Stopped: nobody had used it for \(Words.time(limit)), which is as long as the profile allows.")
    }
    static func revoked(_ filesets: [String]) -> Ending {
        Ending(.revoked, "Stopped: you may not use \(Words.list(filesets)) any more. Start it again without.")
    }
    static func lost(_ why: String) -> Ending { Ending(.lost, "Lost: \(why)") }

    /// The ending that a session was on its way to when the hub went away.
    init(resuming session: SessionRecord) {
        self.init(session.endReason ?? .lost, session.message)
    }
}

extension SessionRecord {
    /// Whether its own person has stopped it: then there is nothing to tell them.
    package var wasStoppedByItsPerson: Bool {
        endReason == .stoppedByPerson && message.isExactly(Ending.stopped(by: personName).sentence)
    }
}
