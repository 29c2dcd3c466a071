import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrrerySpawn

/// The hub asks the server itself, since a kubelet does so once a second only.
@Suite struct KnockTests {
    private let running = pod("Running", ip: "10.0.0.7", running: true, conditions: [placed])
    private let address = "10.0.0.7:8888"

    @Test func aServerThatListensIsLedToBeforeItsKubeletSaysSo() {
        var machine = machine(.image)
        #expect(machine.observe(running).last == .knock(address))
        #expect(machine.observe(running).contains(.knock(address)) == false)
        #expect(machine.knocked(false, at: address) == [.wait(.knock, .milliseconds(52.5))])
        #expect(machine.elapsed(.knock) == [.knock(address)])
        let actions = machine.knocked(true, at: address)
        #expect(actions.state == .answering)
        #expect(actions.suffix(2) == [.keepAddress(address), .openRoute(address)])
        #expect(machine.routed(nil).last == .ask)
        #expect(machine.answered(true).state == .ready)
    }

    @Test func notBeingReadyForTheClusterIsNewsOnlyOnceItWas() {
        var machine = machine(.starting)
        _ = machine.observe(running) + machine.knocked(true, at: address) + machine.routed(nil)
        #expect(machine.answered(true).state == .ready)
        #expect(machine.observe(running).state == nil)
        _ = machine.observe(pod("Running", ip: "10.0.0.7", running: true, conditions: ready))
        #expect(machine.observe(running).state == .unreachable)
    }

    @Test func anAnswerThatIsLateOrOfAnotherPodChangesNothing() {
        var machine = machine(.starting)
        _ = machine.observe(running)
        #expect(machine.knocked(true, at: "10.0.0.8:8888") == [])
        _ = machine.stop(.stopped(by: "ada"))
        #expect(machine.knocked(true, at: address) == [])
        #expect(machine.elapsed(.knock) == [])
    }

    @Test func itIsAskedTheMoreSeldomTheLongerItTakes() {
        let pauses = (1...100).map { Session.StateMachine.pause(after: $0) }
        #expect(pauses.first == .milliseconds(52.5))
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(pauses.last == .seconds(1))
        // Two seconds are twenty-odd questions.
        var (time, questions) = (Duration.zero, 0)
        while time < .seconds(2) { (time, questions) = (time + pauses[questions], questions + 1) }
        #expect(questions == 22)
    }

    @Test func aSessionIsReadyThoughItsClusterSaysNothing() async throws {
        let facility = try await Facility()
        facility.start()
        facility.routes.state.withLock { $0.listens = true }
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.names("pods") == [session.pod] })
        facility.cluster.run(session.pod, isReady: false)
        #expect(await facility.reaches(.ready, session.id))
        await facility.kill()
    }

    @Test func wherePodsAreOutOfReachOnlyTheClusterIsHeard() async throws {
        let facility = try await Facility()
        facility.start(reach: .agent)
        facility.routes.state.withLock { $0.listens = true }
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.names("pods") == [session.pod] })
        facility.cluster.run(session.pod, isReady: false)
        #expect(await facility.reaches(.starting, session.id))
        facility.cluster.run(session.pod)
        #expect(await facility.reaches(.ready, session.id))
        await facility.kill()
    }

    @Test func aPodThatWasNeverAskedForIsNotLookedFor() async throws {
        let facility = try await Facility()
        facility.start()
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.names("pods") == [session.pod] })
        #expect(!facility.cluster.calls.contains("GET pods/\(session.pod)"))
        await facility.kill()
    }
}
