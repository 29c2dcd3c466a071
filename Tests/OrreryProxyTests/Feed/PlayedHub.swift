import OrreryModel
import Synchronization
import Testing

@testable import OrreryProxy

/// A hub that a test plays: it answers the feed with what the test says, when the test says it, and notes what it is told.
final class PlayedHub: Sendable {
    struct Heard: Sendable {
        /// The address and header of each request for the feed.
        var asked: [String] = []
        var feeds: [Stream] = []
        var activity: [JSON] = []
        /// What agents said, a body for each request, and what the next ones are answered with.
        var agents: [JSON] = []
        var agentsAsked = 0
        var agentsAnswer = #"{"answers":[]}"#
        var activityStatus = 200
        var feedStatus = 200
    }

    private final class Notes: Sendable { let heard = Mutex(Heard()) }

    let origin: Origin
    private let notes: Notes
    var heard: Heard { notes.heard.withLock { $0 } }
    var url: String { "http://127.0.0.1:\(origin.port)" }

    init() throws {
        let notes = Notes()
        self.notes = notes
        origin = try Origin { stream in
            while true {
                let head = stream.receive(through: "\r\n\r\n")
                guard head.hasSuffix("\r\n\r\n") else { return }
                if head.hasPrefix("GET /api/v1/proxy/feed") { return Self.begin(head, stream, notes) }
                Self.note(head, stream, notes)
            }
        }
    }

    private static func begin(_ head: String, _ stream: Stream, _ notes: Notes) {
        let status = notes.heard.withLock { $0.feedStatus }
        guard status == 200 else {
            stream.send("HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n")
            return notes.heard.withLock { $0.asked.append(head) }
        }
        stream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        notes.heard.withLock { heard in
            heard.feeds.append(stream)
            heard.asked.append(head)
        }
    }

    private static func note(_ head: String, _ stream: Stream, _ notes: Notes) {
        let length = head.split(separator: "\r\n").lazy.compactMap { line in
            line.lowercased().hasPrefix("content-length:") ? Int(line.dropFirst(15).drop { $0 == " " }) : nil
        }.first
        let body = stream.receive(exactly: length ?? 0)
        if head.hasPrefix("POST /api/v1/proxy/agents") { return noteAgents(body, stream, notes) }
        let status = notes.heard.withLock { heard in
            if let value = JSONText.read(body), heard.activityStatus == 200 { heard.activity.append(value) }
            return heard.activityStatus
        }
        stream.send("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n")
    }

    private static func noteAgents(_ body: [UInt8], _ stream: Stream, _ notes: Notes) {
        let (status, answer) = notes.heard.withLock { heard in
            heard.agentsAsked += 1
            if let value = JSONText.read(body), heard.activityStatus == 200 { heard.agents.append(value) }
            return (heard.activityStatus, heard.agentsAnswer)
        }
        let text =
            "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: \(answer.utf8.count)\r\n\r\n"
        stream.send(text + answer)
    }

    /// The frames of a type that agents have said so far, with what was said about each.
    func frames(_ type: String) -> [JSON] {
        heard.agents.flatMap { $0["frames"]?.array ?? [] }.filter { $0["frame"]?["type"]?.string == type }
    }

    /// What the next words of agents are answered with.
    func answerAgents(_ text: String) { notes.heard.withLock { $0.agentsAnswer = text } }

    /// Waits until the feed was asked for `count` times; the first line of the last question.
    func question(_ count: Int) throws -> String {
        try #require(eventually { heard.asked.count >= count })
        return heard.asked[count - 1].split(separator: "\r\n").first.map(String.init) ?? ""
    }

    /// Says lines on the feed that was asked for last, all at once.
    func say(_ lines: String...) throws {
        try #require(!heard.feeds.isEmpty)
        #expect(tell(lines))
    }

    /// The same where nobody may listen any more; false then.
    @discardableResult func tell(_ lines: [String]) -> Bool {
        let text = lines.map { $0 + "\n" }.joined()
        return heard.feeds.last?.send(String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n") ?? false
    }

    /// Breaks every feed off.
    func hangUp() { notes.heard.withLock { $0.feeds = [] } }

    func answer(feed: Int = 200, activity: Int = 200) {
        notes.heard.withLock { heard in (heard.feedStatus, heard.activityStatus) = (feed, activity) }
    }
}
