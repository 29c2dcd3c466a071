import OrreryLink
import OrreryModel
import Testing

@testable import OrreryProxy

struct FeedReaderTests {
    private static let position = FeedPosition(epoch: "e", number: 5)
    private static let head = #"{"epoch":"e","number":5,"snapshot":false}"#

    private static func set(_ key: String, _ port: Int, number: Int? = nil) -> String {
        #"{"set":"\#(key)","route":{"target":"http://10.0.0.1:\#(port)"}\#(number.map { #","number":\#($0)"# } ?? "")}"#
    }

    /// What a reader makes of lines, in words.
    private func read(_ lines: [String], after position: FeedPosition? = nil) -> [String] {
        var reader = FeedReader(after: position)
        var words: [String] = []
        for line in lines {
            do throws(FeedFault) {
                try reader.take(Array(line.utf8))
            } catch {
                return words + ["line \(reader.line): \(error)"]
            }
        }
        for step in reader.drain() {
            // Every snapshot has them, and few tests are about them.
            if case .agents(let entries) = step, entries.isEmpty { continue }
            if case .noPeers = step { continue }
            words.append(Self.words(step))
        }
        return words
    }

    private static func words(_ step: FeedReader.Step) -> String {
        switch step {
        case .replaceAll(let settings, let position):
            "all \(settings.map { "\($0.key.text)>\($0.target.authority)" }) @\(position.epoch)\(position.number)"
        case .apply(let changes, let position):
            "apply \(changes.map(words)) @\(position.epoch)\(position.number)"
        case .logouts(let sessions, let seconds): "logouts \(sessions) \(seconds)"
        case .gate(let keys): "gate \(keys)"
        case .agents(let entries): "agents \(entries.map { "\($0.cluster)=\($0.uid)" })"
        case .agent(let entry): "agent \(entry.cluster)=\(entry.uid)"
        case .strike(_, let reason): "strike \(reason)"
        case .tell(_, let frame): "tell \(frame.type)"
        case .peers(let addresses, let pins): "peers \(addresses) \(pins)"
        case .noPeers: "no peers"
        case .warning(let text): "warning \(text)"
        }
    }

    private static func words(_ change: RouteChange) -> String {
        switch change {
        case .set(let setting): "\(setting.key.text)>\(setting.target.authority)"
        case .remove(let key): "-\(key.text)"
        }
    }

    @Test func aSnapshotThatNamesNoProxiesSaysSo() {
        let (head, named) = (#"{"epoch":"e","number":5,"snapshot":true}"#, #"{"peers":["two.test:443"],"pins":[]}"#)
        var reader = FeedReader(after: nil)
        #expect(throws: Never.self) { for line in [head, #"{"end":5}"#] { try reader.take(Array(line.utf8)) } }
        #expect(reader.drain().map(Self.words).contains("no peers"))
        reader = FeedReader(after: nil)
        #expect(throws: Never.self) { for line in [head, named, #"{"end":5}"#] { try reader.take(Array(line.utf8)) } }
        #expect(!reader.drain().map(Self.words).contains("no peers"))
    }

    @Test func otherProxiesAreNamedAnywhere() {
        let begun = [#"{"epoch":"e","number":5,"snapshot":true}"#, #"{"end":5}"#]
        let named = #"{"peers":["two.test:443"],"pins":["q"]"#
        let told = [#"all [] @e5"#, #"peers ["two.test:443"] ["q"]"#]
        #expect(read(begun + [named + "}"]) == told)
        #expect(read(begun + [named + #","number":6}"#]).contains(told[1]))
    }

    @Test func aSnapshotIsNothingBeforeItsEnd() {
        let begun = [#"{"epoch":"e","number":5,"snapshot":true}"#, Self.set("/a", 1), Self.set("/b", 2)]
        #expect(read(begun) == [])
        #expect(read(begun + [#"{"end":5}"#]) == [#"all ["/a>10.0.0.1:1", "/b>10.0.0.1:2"] @e5"#])
    }

    private static let key = String(repeating: "0a", count: 32)
    private static let agent = #"{"agent":"\#(key)","cluster":"south","uid":"u-1""#

    @Test func agentsOfASnapshotAreAllThereAreAndComeBeforeItsRoutes() {
        let lines = [#"{"epoch":"e","number":5,"snapshot":true}"#, Self.agent + "}", Self.set("/a", 1), #"{"end":5}"#]
        #expect(read(lines) == [#"agents ["south=u-1"]"#, #"all ["/a>10.0.0.1:1"] @e5"#])
    }

    @Test func wordsAboutAgentsAreNumberedLikeAllOthers() {
        let lines = [
            Self.head, Self.agent + #","number":6}"#, #"{"tell":"\#(Self.key)","frame":{"type":"rotate"},"number":7}"#,
            #"{"strike":"\#(Self.key)","reason":"revoked","number":8}"#,
        ]
        #expect(
            read(lines, after: Self.position)
                == ["agent south=u-1", "tell rotate", "strike revoked", "apply [] @e8"])
    }

    @Test(arguments: [
        #"{"agent":"0a","cluster":"south","uid":"u"}"#, #"{"agent":"\#(key)","cluster":"so/uth","uid":"u"}"#,
        #"{"agent":"\#(key)","cluster":"south"}"#, #"{"strike":"me"}"#, #"{"tell":"\#(key)"}"#,
        #"{"tell":"\#(key)","frame":{}}"#,
    ])
    func aWordAboutAgentsThatMakesNoSenseBreaksTheFeed(_ line: String) {
        #expect(read([Self.head, line], after: Self.position).first?.hasPrefix("line 2: ") == true)
    }

    @Test func linesThatCameAtOnceAreOneBatch() {
        let lines = [Self.head, Self.set("/a", 1, number: 6), #"{"remove":"/b","number":7}"#, #"{"alive":true}"#]
        #expect(read(lines, after: Self.position) == [#"apply ["/a>10.0.0.1:1", "-/b"] @e7"#])
    }

    @Test func changesFollowASnapshotInTheSameAnswer() {
        let lines = [#"{"epoch":"n","number":0,"snapshot":true}"#, #"{"end":0}"#, Self.set("/a", 1, number: 1)]
        #expect(read(lines, after: Self.position) == ["all [] @n0", #"apply ["/a>10.0.0.1:1"] @n1"#])
    }

    @Test func whatIsNoRouteCountsToo() {
        let lines = [Self.head, #"{"logouts":["s"],"seconds":9,"number":6}"#, #"{"gate":{},"number":7}"#]
        #expect(
            read(lines, after: Self.position) == [#"logouts ["s"] 9"#, "gate object([:])", "apply [] @e7"])
        #expect(read([Self.head, #"{"logouts":["s"],"seconds":9}"#], after: Self.position) == [#"logouts ["s"] 9"#])
    }

    @Test func aKindOfLaterIsPassedOverAndSaidOnce() {
        let lines = [Self.head, #"{"weather":1,"number":6}"#, #"{"weather":2,"number":7}"#]
        #expect(
            read(lines, after: Self.position)
                == ["warning line 2 is of a kind that this version does not know: weather", "apply [] @e7"])
    }

    @Test func aRouteThatCannotBeServedIsLeftOutAndTheOthersAreNot() {
        let lines = [
            Self.head, #"{"set":"/a","route":{"target":"gopher://x"},"number":6}"#, Self.set("/b", 2, number: 7),
            #"{"set":"/../c","route":{"target":"http://10.0.0.1:1"},"number":8}"#,
            #"{"set":"/d","route":{"target":"http://10.0.0.1:1","access":[]},"number":9}"#,
        ]
        let words = read(lines, after: Self.position)
        #expect(words.count == 4 && words.dropLast().allSatisfy { $0.hasPrefix("warning line ") })
        #expect(words.last == #"apply ["-/a", "/b>10.0.0.1:2", "-/d"] @e9"#)
    }

    @Test(
        arguments: [
            ([#"{"alive":true}"#], "line 1: a line before the head"),
            ([#"{"epoch":"x","number":5,"snapshot":false}"#], "line 1: changes that nobody asked for"),
            ([#"{"epoch":"e","number":6,"snapshot":false}"#], "line 1: change 6 where 5 was due"),
            ([head, set("/a", 1, number: 7)], "line 2: change 7 where 6 was due"),
            ([head, set("/a", 1, number: 6), set("/a", 1, number: 6)], "line 3: change 6 where 7 was due"),
            ([head, set("/a", 1)], "line 2: a change without its number"),
            ([head, head], "line 2: a second beginning"),
            ([head, #"{"end":5}"#], "line 2: a second beginning"),
            ([#"{"epoch":"x","number":1,"snapshot":true}"#, #"{"end":2}"#], "line 2: change 2 where 1 was due"),
            (
                [#"{"epoch":"x","number":1,"snapshot":true}"#, #"{"remove":"/a"}"#],
                "line 2: a change within a snapshot"
            ),
            ([head, "{"], "line 2: not strict JSON at byte 1: no member's name begins like this"),
        ])
    func aFaultIsNamedWithItsLine(_ lines: [String], _ sentence: String) {
        let words = read(lines, after: Self.position)
        #expect(words.count == 1)
        #expect(words.first?.hasPrefix(String(sentence.prefix(30))) == true, "\(words)")
    }

    @Test func nobodyIsToldOfChangesThatWereNotAskedFor() {
        #expect(read([Self.head]) == ["line 1: changes that nobody asked for out of its place"])
    }

    @Test func pausesGrowToALimitAndDiffer() {
        var backoff = Backoff(first: .milliseconds(100), limit: .seconds(1))
        #expect((0..<6).map { _ in backoff.pause(random: 1) } == [0.1, 0.2, 0.4, 0.8, 1, 1].map { .seconds($0) })
        backoff.reset()
        #expect(backoff.pause(random: 0.5) == .milliseconds(50))
    }
}
