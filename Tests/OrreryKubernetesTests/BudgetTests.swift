import OrreryFetch
import OrreryModel
import Synchronization
import Testing

@testable import OrreryKubernetes

@Suite struct BudgetTests {
    private let clock = ManualClock()

    private func client(_ transport: ScriptedTransport, _ budget: Budget = Budget()) -> KubernetesClient {
        var access = access
        access.budget = budget
        return KubernetesClient(access, transport: transport, time: Timekeeper(clock))
    }

    @Test func aBurstGoesAtOnceAndTheRestAtTheRate() async throws {
        let transport = ScriptedTransport(Array(repeating: .json(200, podText("a")), count: 60))
        let client = client(transport, Budget(callsPerSecond: 20, burst: 40, underWay: 100))
        let calls = Task {
            await withTaskGroup { group in
                for _ in 0..<60 { group.addTask { _ = try? await client.get(Pod.self, "a") } }
            }
        }
        #expect(await eventually { clock.waits.count == 20 && transport.calls.count == 40 })
        clock.advance(by: .milliseconds(500))
        #expect(await eventually { transport.calls.count == 50 })
        clock.advance(by: .milliseconds(500))
        await calls.value
        #expect(transport.calls.count == 60)
    }

    @Test func whatSeesTheClusterDoesNotWaitForTheBudget() async throws {
        let transport = ScriptedTransport(
            Array(repeating: .json(200, podText("a")), count: 2) + [.pods(["a"], version: "1")])
        let client = client(transport, Budget(callsPerSecond: 1, burst: 2, underWay: 2))
        for _ in 0..<2 { _ = try await client.get(Pod.self, "a") }
        #expect(try await client.list(Pod.self, Selection()).items.count == 1)
    }

    @Test func soManyAreUnderWayAtOneTime() async {
        // The script is empty: every call waits for ever, as at a cluster that swallows them.
        let transport = ScriptedTransport([])
        let client = client(transport, Budget(callsPerSecond: 1000, burst: 1000, underWay: 3))
        let tasks = (0..<10).map { _ in Task { try? await client.get(Pod.self, "a") } }
        #expect(await eventually { transport.calls.count == 3 })
        tasks.forEach { $0.cancel() }
        for task in tasks { _ = await task.value }
        #expect(transport.calls.count == 3)
    }

    @Test func a429WithoutATimeIsWaitedOutAndToldAfterTenSeconds() async throws {
        let busy = ScriptedTransport.Reply(status: 429, headers: [], chunks: ["Too many requests\n"])
        let transport = ScriptedTransport(Array(repeating: busy, count: 10))
        let client = client(transport)
        let began = clock.now
        let call = Task { try await client.get(Pod.self, "a") }
        let hasEnded = Mutex(false)
        let watch = Task {
            _ = await call.result
            hasEnded.withLock { $0 = true }
        }
        while !hasEnded.withLock({ $0 }) {
            guard await eventually({ !clock.waits.isEmpty || hasEnded.withLock { $0 } }), let wait = clock.waits.first
            else { break }
            #expect(wait >= .seconds(1))
            clock.advance(by: wait)
        }
        await watch.value
        let error = await #expect(throws: KubernetesError.self) { try await call.value }
        #expect(error?.refusal?.code == 429)
        // The first two pauses are short however the lots fall.
        #expect(transport.calls.count > 2)
        #expect(began.duration(to: clock.now) <= .seconds(12))
    }

    /// Where the lots fall longest: each pause is twice the one before, and a fifth is added to all of them.
    @Test func pausesGrowWithEvery429ThatNamesNoTime() async throws {
        let busy = ScriptedTransport.Reply(status: 429, headers: [], chunks: ["Too many requests\n"])
        let transport = ScriptedTransport(Array(repeating: busy, count: 10))
        let client = KubernetesClient(access, transport: transport, time: Timekeeper(clock), draw: { 1 })
        let call = Task { try await client.get(Pod.self, "a") }
        for (calls, pause) in [(1, 1200), (2, 2400), (3, 4800)] {
            #expect(await eventually { transport.calls.count == calls && !clock.waits.isEmpty })
            #expect(clock.waits == [.milliseconds(pause)])
            clock.advance(by: .milliseconds(pause))
        }
        // The next would be over after the ten seconds for which somebody waits without a word.
        let error = await #expect(throws: KubernetesError.self) { try await call.value }
        #expect(error?.refusal?.code == 429 && transport.calls.count == 4)
    }

    @Test func whoAsksABusyClusterIsToldAtOnceWhenItWantsALongPauseAndTheNextCallKeepsToIt() async throws {
        let busy = ScriptedTransport.Reply(
            status: 429, headers: [("Retry-After", "30")], chunks: ["Too many requests\n"])
        let transport = ScriptedTransport([busy, .json(200, podText("a"))])
        let client = client(transport)
        let error = await #expect(throws: KubernetesError.self) { try await client.get(Pod.self, "a") }
        #expect(error?.refusal?.code == 429 && error?.mayRetry == true)
        async let pod = client.get(Pod.self, "a")
        #expect(await eventually { clock.waits.contains { $0 >= .seconds(30) } })
        #expect(transport.calls.count == 1)
        clock.advance(by: .seconds(37))
        #expect(try await pod.metadata.name == "a")
    }
}

@Suite struct BreakerTests {
    @Test func itOpensAfterFiveAndLetsOneProbeThrough() {
        var breaker = Breaker()
        for _ in 0..<4 { breaker.failed(at: .zero) }
        #expect(breaker.holdsBack(at: .zero) == nil)
        breaker.failed(at: .zero)
        #expect(breaker.holdsBack(at: .zero) == .seconds(1))
        #expect(breaker.holdsBack(at: .seconds(1)) == nil)
        #expect(breaker.holdsBack(at: .seconds(1)) != nil)
        breaker.failed(at: .seconds(2))
        #expect(breaker.holdsBack(at: .seconds(3)) == .seconds(1))
        breaker.answered()
        #expect(breaker.holdsBack(at: .seconds(3)) == nil)
    }

    @Test func itNeverHoldsBackLongerThanHalfAMinute() {
        var breaker = Breaker()
        for _ in 0..<100 { breaker.failed(at: .zero) }
        #expect(breaker.holdsBack(at: .zero) == .seconds(30))
    }

    @Test func aClusterThatDoesNotAnswerIsNotAskedAndItsListMendsIt() async throws {
        let clock = ManualClock()
        let transport = ScriptedTransport(
            Array(repeating: .failure(.timedOut), count: 5) + [.pods(["a"], version: "1"), .json(200, podText("a"))])
        let client = KubernetesClient(access, transport: transport, time: Timekeeper(clock))
        for _ in 0..<5 { await #expect(throws: KubernetesError.self) { try await client.get(Pod.self, "a") } }
        let error = await #expect(throws: KubernetesError.self) { try await client.get(Pod.self, "a") }
        #expect(error?.isUncertain == false)
        #expect(error?.description.contains("did not answer several times") == true)
        #expect(transport.calls.count == 5)
        _ = try await client.list(Pod.self, Selection())
        _ = try await client.get(Pod.self, "a")
        #expect(transport.calls.count == 7)
    }

    @Test func aRefusalIsAnAnswer() async throws {
        let refused = ScriptedTransport.Reply.refusal(500, "InternalError", "etcdserver: request timed out")
        let transport = ScriptedTransport(Array(repeating: refused, count: 8) + [.json(200, podText("a"))])
        let client = KubernetesClient(access, transport: transport, time: Timekeeper(ManualClock()))
        for _ in 0..<8 { await #expect(throws: KubernetesError.self) { try await client.get(Pod.self, "a") } }
        _ = try await client.get(Pod.self, "a")
    }

    @Test func aFailedCallOfUncertainEffectIsMadeOnce() async throws {
        for reply in [
            ScriptedTransport.Reply.refusal(503, "ServiceUnavailable", "no"), .failure(.cut), .failure(.timedOut),
        ] {
            let transport = ScriptedTransport([reply, .json(201, podText("a"))])
            let client = KubernetesClient(access, transport: transport, time: Timekeeper(ManualClock()))
            let pod = Pod(
                metadata: ObjectMeta(name: "a"), spec: PodSpec(containers: [Container(name: "n", image: "i")]))
            let error = await #expect(throws: KubernetesError.self) { try await client.create(pod) }
            #expect(error?.isUncertain == true)
            #expect(transport.calls.count == 1)
        }
    }
}
