import Logging
import OrreryFetch
import OrreryKubernetes
import Synchronization
import Testing

/// A reflector that runs over a script, and what it told.
private final class Run: Sendable {
    let clock = ManualClock()
    let transport: ScriptedTransport
    private let told = Mutex<[String]>([])
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(_ replies: [ScriptedTransport.Reply]) {
        transport = ScriptedTransport(replies)
        let time = Timekeeper(clock)
        let reflector = Reflector(
            Pod.self, KubernetesClient(access, transport: transport, time: time), Selection(labels: "l"), time: time,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let task = Task {
            await reflector.run { reflection in self.told.withLock { $0.append(Self.words(reflection)) } }
        }
        self.task.withLock { $0 = task }
    }

    deinit { end() }

    func end() { task.withLock { $0 }?.cancel() }

    var story: [String] { told.withLock { $0 } }

    /// Turns the clock whenever the reflector waits to try again, until `calls` requests were made.
    func turn(until calls: Int) async -> Bool {
        await eventually {
            if transport.calls.count >= calls { return true }
            if let wait = clock.waits.first, wait <= .seconds(30) { clock.advance(by: wait) }
            return false
        }
    }

    private static func words(_ reflection: Reflection<Pod>) -> String {
        switch reflection {
        case .complete(let pods, let unreadable):
            (["complete \(pods.compactMap(\.metadata.name).joined(separator: " "))"]
                + unreadable.map { "not \($0.name ?? "")" })
                .joined(separator: ", ")
        case .changed(let pod): "changed \(pod.metadata.name ?? "")"
        case .deleted(let pod): "deleted \(pod.metadata.name ?? "")"
        case .seen: "seen"
        case .unseen(let error): "unseen \(error.refusal.map { "\($0.code)" } ?? "transport")"
        }
    }
}

@Suite struct ReflectorTests {
    @Test func itListsThenWatchesAndGoesOnWhereTheWatchEnded() async {
        let run = Run([
            .pods(["a"], version: "10"),
            .watch([line("MODIFIED", podText("a", version: "11")), line("DELETED", podText("a", version: "12"))]),
            .watch([line("BOOKMARK", #"{"kind":"Pod","metadata":{"resourceVersion":"20"}}"#)]),
            .watch([], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 4))
        #expect(run.story == ["seen", "complete a", "changed a", "deleted a"])
        let versions = run.transport.calls.dropFirst().map { call in
            call.split(separator: "&").first { $0.hasPrefix("resourceVersion=") }.map(String.init)
        }
        #expect(versions == ["resourceVersion=10", "resourceVersion=12", "resourceVersion=20"])
        #expect(run.transport.calls.dropFirst().allSatisfy { $0.contains("allowWatchBookmarks=true") })
    }

    @Test(arguments: [
        ScriptedTransport.Reply.watch([
            line("ERROR", #"{"kind":"Status","status":"Failure","reason":"Expired","code":410,"message":"too old"}"#)
        ]),
        .refusal(410, "Expired", "too old resource version"),
    ])
    func bothFormsOf410ListAgainAndTellWhatIsMissing(_ gone: ScriptedTransport.Reply) async {
        let run = Run([
            .pods(["a", "b"], version: "10"), gone, .pods(["b"], version: "50"), .watch([], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 4))
        #expect(await eventually { run.story == ["seen", "complete a b", "deleted a", "complete b"] })
        #expect(run.transport.calls.last?.contains("resourceVersion=50") == true)
    }

    @Test(arguments: [401, 403])
    func aRefusalNeverMeansThatThereAreNoPods(_ code: Int) async {
        let run = Run([
            .pods(["a"], version: "10"), .refusal(code, "x", "no"), .refusal(code, "x", "no"),
            .watch([line("MODIFIED", podText("a", version: "11"))], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 4))
        #expect(await eventually { run.story == ["seen", "complete a", "unseen \(code)", "seen", "changed a"] })
    }

    @Test func itIsNeverGivenUpAndNeverWaitsLongerThanHalfAMinute() async {
        let run = Run(Array(repeating: .failure(.cannotConnect), count: 40))
        defer { run.end() }
        #expect(await run.turn(until: 40))
        #expect(run.story == ["unseen transport"])
        #expect(run.clock.now.offset < .seconds(30) * 40)
        // Of what is drawn between nothing and half a minute, the sum of thirty-five lies far above this.
        #expect(run.clock.now.offset > .seconds(30) * 8)
    }

    @Test func watchesThatEndAtOnceAreNotAskedForInATightLoop() async {
        let run = Run([.pods(["a"], version: "10")] + Array(repeating: .watch([]), count: 30))
        defer { run.end() }
        #expect(await run.turn(until: 31))
        #expect(run.story == ["seen", "complete a"])
        #expect(run.clock.now.offset > .seconds(30))
    }

    @Test func aSilentWatchIsCutByItsOwnClock() async {
        let run = Run([
            .pods(["a"], version: "10"), .watch([], end: .silent), .pods(["a"], version: "10"),
            .watch([], end: .silent),
        ])
        defer { run.end() }
        #expect(await eventually { run.transport.calls.count == 2 })
        #expect(await eventually { run.clock.waits.contains { $0 >= .seconds(70) } })
        run.clock.advance(by: .seconds(69))
        #expect(run.transport.calls.count == 2)
        run.clock.advance(by: .seconds(32))
        #expect(await run.turn(until: 4))
        // It may also be that the version is unknown there: the whole picture is taken again.
        #expect(await eventually { run.story == ["seen", "complete a", "unseen transport", "seen", "complete a"] })
    }

    @Test func aConnectionThatIsCutIsNoSignThatTheClusterIsAway() async {
        let run = Run([
            .pods(["a"], version: "10"), .watch([line("MODIFIED", podText("a", version: "11"))], end: .cut),
            .watch([], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 3))
        #expect(run.story == ["seen", "complete a", "changed a"])
        #expect(run.transport.calls.last?.contains("resourceVersion=11") == true)
    }

    @Test func anUnreadableLineTakesAWholeNewPicture() async {
        let run = Run([
            .pods(["a"], version: "10"), .watch([#"{"type":"MODIFIED","object":{"metadata":{}}}"#], end: .silent),
            .pods(["a"], version: "12"), .watch([], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 4))
        #expect(run.story == ["seen", "complete a", "complete a"])
    }

    @Test(arguments: [
        ScriptedTransport.Reply.refusal(410, "Expired", "too old"),
        .json(
            504,
            #"{"kind":"Status","reason":"Timeout","message":"Too large resource version: 9, current: 1","code":504,"#
                + #""details":{"causes":[{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1}}"#),
        .watch([
            line(
                "ERROR",
                #"{"kind":"Status","reason":"Timeout","code":504,"details":{"causes":[{"reason":"#
                    + #""ResourceVersionTooLarge"}]}}"#)
        ]),
    ])
    func aVersionThatTheClusterDoesNotHaveListsAgain(_ gone: ScriptedTransport.Reply) async {
        let run = Run([.pods(["a"], version: "10"), gone, .pods(["b"], version: "2"), .watch([], end: .silent)])
        defer { run.end() }
        #expect(await run.turn(until: 4))
        #expect(await eventually { run.story == ["seen", "complete a", "deleted a", "complete b"] })
        #expect(run.transport.calls.last?.contains("resourceVersion=2") == true)
    }

    @Test func aWatchWithoutAWordListsAgainWhenItsTimeIsOver() async {
        let run = Run([
            .pods(["a"], version: "10"), .watch([], end: .held), .pods(["a"], version: "5"), .watch([], end: .silent),
        ])
        defer { run.end() }
        #expect(await eventually { run.transport.calls.count == 2 && !run.clock.waits.isEmpty })
        // The server ends it in time, and has sent not even a bookmark: our version may lie in its future.
        run.clock.advance(by: (run.clock.waits.first ?? .zero) - .seconds(10))
        run.transport.release()
        #expect(await run.turn(until: 4))
        #expect(run.transport.calls.last?.contains("resourceVersion=5") == true)
    }

    @Test func anUnknownKindOfLineIsPassedOver() async {
        let run = Run([
            .pods(["a"], version: "10"),
            .watch([#"{"type":"SPARKLE","object":{}}"#, line("MODIFIED", podText("a", version: "11"))], end: .silent),
        ])
        defer { run.end() }
        #expect(await eventually { run.story == ["seen", "complete a", "changed a"] })
        #expect(run.transport.calls.count == 2)
    }

    /// What an agent reaches, and on whose network, must not be lost on the way.
    @Test func aPodToldAmongManySaysWhereItCanBeReached() async throws {
        let spec =
            #"{"hostNetwork":true,"containers":[{"name":"c","image":"i","env":[{"name":"A","value":"b"}],"#
            + #""ports":[{"containerPort":8888}]}]}"#
        let told = #"{"metadata":{"name":"a","uid":"a","resourceVersion":"1"},"spec":\#(spec)}"#
        let transport = ScriptedTransport([
            .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(told)]}"#)
        ])
        let client = KubernetesClient(access, transport: transport, time: Timekeeper(ManualClock()))
        let pod = try #require(try await client.list(Pod.self, Selection()).items.first)
        #expect(pod.spec.containers.first?.ports?.map(\.containerPort) == [8888])
        #expect(pod.spec.hostNetwork == true)
        #expect(pod.spec.containers.first?.env == nil, "and nothing else is read")
    }

    @Test func anObjectBeyondUsIsMarkedAndPassedOverAndNeverCalledGone() async {
        let strange = #"{"metadata":{"name":"b","uid":"b","resourceVersion":"12"},"spec":{"containers":[]},"status":7}"#
        let list = """
            {"metadata":{"resourceVersion":"12"},"items":[\(podText("a")),\(strange)]}
            """
        let run = Run([
            .pods(["a", "b"], version: "10"), .watch([line("MODIFIED", strange)], end: .silent), .json(200, list),
            .watch([line("MODIFIED", strange), line("MODIFIED", podText("a", version: "13"))], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 4))
        #expect(await eventually { run.story == ["seen", "complete a b", "complete a, not b", "changed a"] })
        #expect(run.transport.calls.count == 4)
    }

    @Test func aLineWithoutEndIsNoWatch() async {
        let run = Run([
            .pods(["a"], version: "10"),
            .init(chunks: Array(repeating: String(repeating: "x", count: 1 << 20), count: 9), end: .silent),
            .watch([], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 3))
        #expect(run.story == ["seen", "complete a"])
    }

    @Test func a401InTheMiddleIsToldAndNothingIsConcluded() async {
        let run = Run([
            .pods(["a"], version: "10"), .watch([], end: .cut), .refusal(401, "Unauthorized", "Unauthorized"),
            .watch([line("MODIFIED", podText("a", version: "11"))], end: .silent),
        ])
        defer { run.end() }
        #expect(await run.turn(until: 4))
        #expect(await eventually { run.story == ["seen", "complete a", "unseen 401", "seen", "changed a"] })
    }
}
