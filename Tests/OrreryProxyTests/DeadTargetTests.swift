import Glibc
import OrreryWire
import Testing

@testable import OrreryProxy

/// A machine that is gone is not asked again and again.
struct DeadTargetTests {
    private let endpoint = Endpoint(.none, peer: 7)

    @Test func afterASilenceNobodyTriesForAMomentAndThenOneDoes() {
        let dead = Subject()
        #expect(dead.mayTry(endpoint, now: 1_000) && dead.mayTry(endpoint, now: 1_000), "nothing is known yet")
        dead.wasSilent(endpoint, now: 1_000)
        #expect(!dead.mayTry(endpoint, now: 1_249))
        #expect(dead.mayTry(Endpoint(.none, peer: 8), now: 1_249))
        #expect(dead.mayTry(endpoint, now: 1_250) && !dead.mayTry(endpoint, now: 1_251))
        #expect(!dead.mayTry(endpoint, now: 6_249) && dead.mayTry(endpoint, now: 6_250), "an attempt takes no longer")
        dead.answered(endpoint)
        #expect(dead.mayTry(endpoint, now: 6_251) && dead.mayTry(endpoint, now: 6_251))
    }

    @Test func whoLeavesWhileTryingLetsTheNextOneTry() {
        let dead = Subject()
        dead.wasSilent(endpoint, now: 1_000)
        dead.wasAbandoned(endpoint, now: 1_001)
        #expect(!dead.mayTry(endpoint, now: 1_002), "nobody was trying")
        #expect(dead.mayTry(endpoint, now: 2_000) && !dead.mayTry(endpoint, now: 2_000))
        dead.wasAbandoned(endpoint, now: 2_100)
        #expect(dead.mayTry(endpoint, now: 2_100) && !dead.mayTry(endpoint, now: 2_100))
    }

    /// Browsers whose notebook's machine was lost come back every second, hundreds of them.
    @Test func aStormOfWebSocketsToAMachineThatIsGoneOpensNothing() throws {
        let rig = try Rig(errorTarget: "http://10.0.0.3:8888")
        rig.kernel.connecting = .later
        let first = rig.client()
        rig.send(first, Sample.upgrade)
        rig.fail(try rig.upstream(), ETIMEDOUT)
        #expect(rig.kernel.sent(first).hasPrefix("HTTP/1.1 503 "))
        for _ in 0..<50 {
            let client = rig.client()
            rig.send(client, Sample.upgrade)
            #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 "))
            #expect(!rig.kernel.isOpen(client), "nothing is left open either")
        }
        #expect(rig.kernel.connected.count == 1, "no connection to the server, and none for an error page")
        #expect(rig.connections == 0 && rig.heldBuffers == 0)
    }

    @Test func oneRequestTriesAndTheOthersAreServedOnceItWorks() throws {
        let rig = try Rig()
        let (first, second) = (rig.client(), rig.client())
        rig.kernel.connecting = .later
        rig.send(first, Sample.get)
        rig.fail(try rig.upstream(), ETIMEDOUT)
        _ = rig.kernel.sent(first)
        rig.pass(.milliseconds(300))
        rig.send(first, Sample.get)
        rig.send(second, Sample.get)
        #expect(rig.kernel.connected.count == 2, "one tries")
        #expect(rig.kernel.sent(second).hasPrefix("HTTP/1.1 503 "))
        let upstream = try rig.upstream()
        rig.kernel.establish(upstream)
        rig.turn()
        rig.send(second, Sample.get)
        #expect(rig.kernel.connected.count == 3, "it works again")
        rig.send(upstream, Sample.ok)
        #expect(rig.kernel.sent(first) == Sample.answered)
    }

    @Test func aClientThatLeavesWhileTryingLetsTheNextOneTry() throws {
        let rig = try Rig()
        let (first, second) = (rig.client(), rig.client())
        rig.kernel.connecting = .later
        rig.send(first, Sample.get)
        rig.fail(try rig.upstream(), ETIMEDOUT)
        rig.pass(.milliseconds(300))
        rig.send(first, Sample.get)
        rig.fail(first)
        rig.send(second, Sample.get)
        #expect(rig.kernel.connected.count == 3)
    }

    @Test(arguments: [ECONNREFUSED, ENOENT, EAGAIN]) func aRefusalIsAnAnswerAndTheNextRequestTries(_ number: CInt)
        throws
    {
        let rig = try Rig()
        let (first, second) = (rig.client(), rig.client())
        rig.kernel.connecting = .later
        rig.send(first, Sample.get)
        rig.fail(try rig.upstream(), number)
        #expect(rig.kernel.sent(first).hasPrefix("HTTP/1.1 503 "))
        rig.send(second, Sample.get)
        #expect(rig.kernel.connected.count == 2)
        rig.fail(try rig.upstream(), number)
        rig.kernel.connecting = .fails
        rig.send(first, Sample.get)
        rig.kernel.connecting = .atOnce
        rig.send(second, Sample.get)
        #expect(rig.kernel.connected.count == 3)
    }
}

/// An object in place of a value that cannot be copied, which expectations cannot ask.
private final class Subject {
    private var dead = DeadTargets(trial: 5_000)

    func mayTry(_ endpoint: Endpoint, now: UInt64) -> Bool { dead.mayTry(endpoint, now: now) }
    func wasSilent(_ endpoint: Endpoint, now: UInt64) { dead.wasSilent(endpoint, now: now) }
    func answered(_ endpoint: Endpoint) { dead.answered(endpoint) }
    func wasAbandoned(_ endpoint: Endpoint, now: UInt64) { dead.wasAbandoned(endpoint, now: now) }
}
