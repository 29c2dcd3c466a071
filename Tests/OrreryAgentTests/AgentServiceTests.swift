import Foundation
import OrreryCrypto
import OrreryKubernetes
import OrreryLink
import OrreryModel
import ServiceLifecycle
import Synchronization
import Testing

@testable import OrreryAgent

/// Whole agents, between a pocket cluster and a scripted proxy.
@Suite struct AgentServiceTests {
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        func contains(_ words: String) -> Bool { lines.withLock { $0.contains { $0.contains(words) } } }
    }

    private static func run(
        _ rig: PocketRig, _ proxy: ScriptedProxy, _ authority: TestAuthority, lines: Lines = Lines(),
        pin: [UInt8]? = nil, time: Timekeeper = .continuous, _ work: () async throws -> Void
    ) async throws {
        let pinned = pin.map { "#pin=\(JoinString.text(ofPin: $0))" } ?? ""
        let join = try JoinString("orrery://127.0.0.1:\(proxy.port)/abcdef.0123456789abcdef\(pinned)")
        var configuration = AgentConfiguration(join: join, access: rig.client.access, ownNamespace: "sessions")
        configuration.authorities = authority.authorities
        configuration.wish = "south"
        let service = AgentService(configuration, time: time, logger: PocketRig.quiet) { lines.add($0) }
        let group = ServiceGroup(configuration: .init(services: [.init(service: service)], logger: PocketRig.quiet))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            try await work()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Blocks, on a thread of its own.
    private static func off<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result(catching: work)) }
        }
    }

    @Test func anAgentSaysWhoItIsAndWhatItsClusterHas() async throws {
        let authority = try TestAuthority()
        try authority.issue("server", .init(names: "IP:127.0.0.1"))
        let proxy = try ScriptedProxy(authority)
        let lines = Lines()
        try await PocketRig.run { rig in
            let uid = try await rig.client.uid(ofNamespace: "kube-system")
            try await Self.run(rig, proxy, authority, lines: lines) {
                let (hello, inventory) = try await Self.off {
                    let control = try proxy.control()
                    let hello = try AgentHello(try #require(control.frame()))
                    control.send(ControlFrame("pending", ["code": "ABCD-EFGH", "page": "https://hub.example/claim"]))
                    control.send(ControlFrame("welcome", ["cluster": "south", "proxy": "p", "time": 1_000_000_000]))
                    return (hello, try #require(control.frame("inventory")))
                }
                #expect(hello.cluster.uid == uid && hello.cluster.name == "south")
                #expect(
                    hello.cluster.namespaces == ["sessions"] && hello.join.token?.reveal() == "abcdef.0123456789abcdef")
                #expect(hello.cluster.kubernetes.hasPrefix("v1."))
                #expect(inventory["policy"]?["paused"] == false && inventory["sessions"] == 0)
                #expect(inventory["namespaces"] == ["sessions"])
                #expect(await soon { lines.contains("https://hub.example/claim and type ABCD-EFGH") })
                #expect(await soon { lines.contains("is called south") })
                // A clock that is off by decades is told.
                #expect(await soon { lines.contains("s ahead of the proxy's") })
            }
        }
    }

    @Test func twoReplicasOfOneAgentAreBothActive() async throws {
        let authority = try TestAuthority()
        try authority.issue("server", .init(names: "IP:127.0.0.1"))
        let proxy = try ScriptedProxy(authority)
        try await PocketRig.run { rig in
            try await Self.run(rig, proxy, authority) {
                try await Self.run(rig, proxy, authority) {
                    let agents = try await Self.off {
                        let controls = [try proxy.control(), try proxy.control()]
                        return try controls.map { try AgentHello(try #require($0.frame())).agent }
                    }
                    #expect(agents[0] != agents[1])
                    let kept = try await KeySecret(rig.client).read()
                    #expect(kept != nil)
                }
            }
        }
    }

    @Test func theHubsCallsGoThroughTheGateToTheCluster() async throws {
        let authority = try TestAuthority()
        try authority.issue("server", .init(names: "IP:127.0.0.1"))
        let proxy = try ScriptedProxy(authority)
        try await PocketRig.run { rig in
            let pod = try await rig.makePod("session-1")
            try await Self.run(rig, proxy, authority) {
                let answer = try await Self.off {
                    try proxy.welcome(idle: 2)
                    let request =
                        "GET /api/v1/namespaces/sessions/pods?labelSelector=orrery.io%2Fhub%3Dorrery HTTP/1.1\r\nHost: cluster\r\nConnection: close\r\n\r\n"
                    // The gate may not listen yet when the first connections wait.
                    while true {
                        let data = try proxy.handed(.api, request)
                        guard data.answer() == .accepted else { continue }
                        return String(decoding: data.all(), as: UTF8.self)
                    }
                }
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(answer.contains(pod.metadata.uid ?? "no uid"))
            }
        }
    }

    @Test func theKeyIsChangedWhenTheHubAsks() async throws {
        let authority = try TestAuthority()
        try authority.issue("server", .init(names: "IP:127.0.0.1"))
        let proxy = try ScriptedProxy(authority)
        try await PocketRig.run { rig in
            try await Self.run(rig, proxy, authority) {
                let new = try await Self.off {
                    let control = try proxy.welcome()
                    control.send(ControlFrame("rotate"))
                    let said = try #require(control.frame("rotate"))
                    let info = try #require(Base64.decode((said["key"]?.string ?? "").utf8))
                    let id = try AgentPublicKey(info: info).id
                    control.send(ControlFrame("rotated", ["key": .string(id), "until": 0]))
                    // It comes back with the new key.
                    try proxy.welcome()
                    return id
                }
                #expect(try await KeySecret(rig.client).read()?.current.id == new)
            }
        }
    }

    /// The hub has taken the new key, and its one answer was lost with the connection.
    @Test func aChangeOfTheKeyWhoseAnswerWasLostIsSaidAgain() async throws {
        let authority = try TestAuthority()
        try authority.issue("server", .init(names: "IP:127.0.0.1"))
        let proxy = try ScriptedProxy(authority)
        try await PocketRig.run { rig in
            let said = try await KeyKeeper.opening(KeySecret(rig.client), now: Int64(Date().timeIntervalSince1970))
                .rotation()
            try await Self.run(rig, proxy, authority) {
                let again = try await Self.off { try proxy.welcome().frame("rotate") }
                #expect(again?["key"] == said["key"])
            }
        }
    }

    @Test func proxiesThatWereLearntAreBelievedAfterAnotherReplicaHasChangedTheKey() async throws {
        let (authority, another) = (try TestAuthority(), try TestAuthority("another"))
        for each in [authority, another] { try each.issue("server", .init(names: "IP:127.0.0.1")) }
        let pins = [authority, another].map { Digest.sha256.of($0.publicKey(of: "server")) }
        let proxy = try ScriptedProxy(authority)
        let clock = ManualClock()
        try await PocketRig.run { rig in
            try await Self.run(rig, proxy, authority, pin: pins[0], time: Timekeeper(clock)) {
                let later = try await Self.off {
                    try proxy.welcome(pins: pins)
                    proxy.stop()
                    // It comes back with the other key.
                    let later = try ScriptedProxy(another, port: proxy.port)
                    try later.welcome(pins: pins)
                    return later
                }
                let replica = try await KeyKeeper.opening(KeySecret(rig.client), now: 0)
                _ = try await replica.rotation()
                let new = try #require(try await KeySecret(rig.client).read()?.next)
                _ = try await replica.rotated(to: new.id, now: Int64(Date().timeIntervalSince1970))
                #expect(await soon { clock.waits.contains(.seconds(300)) })
                clock.advance(by: .seconds(300))
                let shown = try await Self.off { try later.welcome(pins: pins).peerPublicKey }
                #expect(shown == new.publicKey.info)
            }
        }
    }
}
