import Glibc
import OrreryKubernetes
import OrreryLink
import OrreryWire
import Synchronization
import Testing

@testable import OrreryAgent

/// What an agent does with the connections that it is handed.
@Suite struct RelayTests {
    @Test func aHandOffReachesItsPodWithTheFirstBytes() throws {
        let rig = try RelayRig()
        let origin = try Origin { stream in
            if stream.text(5) == "hello" { stream.send("world") }
        }
        rig.add("pod-1", ports: [origin.port])
        try rig.join()
        let data = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port), "hello")
        #expect(data.answer() == .accepted)
        #expect(data.text(5) == "world")
        #expect(data.ends() && data.hasEnded == true)
    }

    @Test func aHandOffMayComeByteByByte() throws {
        let rig = try RelayRig()
        let origin = try Origin { stream in stream.send(stream.text(3)) }
        rig.add("pod-1", ports: [origin.port])
        try rig.join(idle: 1)
        let data = try rig.proxy.data()
        let bytes = Handoff(.pod(uid: "pod-1", port: origin.port), trace: "t").encode() + Array("abc".utf8)
        for byte in bytes { data.send([byte]) }
        #expect(data.answer() == .accepted && data.text(3) == "abc")
    }

    @Test func whatIsNoPodOfOursIsNotReached() throws {
        let rig = try RelayRig()
        let origin = try Origin { _ in Issue.record("something was reached") }
        rig.add("pod-1", ports: [origin.port])
        rig.add("other", ports: [origin.port], namespace: "elsewhere")
        rig.add("starting", address: nil, ports: [origin.port])
        rig.add("named", address: "localhost", ports: [origin.port])
        var ended = RelayRig.pod("ended", ports: [origin.port])
        ended.status?.phase = "Succeeded"
        rig.book.take(.changed(ended), namespace: "sessions")
        var onNode = RelayRig.pod("on-node", ports: [origin.port])
        onNode.spec.hostNetwork = true
        rig.book.take(.changed(onNode), namespace: "sessions")
        rig.book.forget(namespace: "elsewhere")
        try rig.join()
        let cases: [(String, UInt16, HandoffAnswer.Code)] = [
            ("nobody", origin.port, .noPod), ("other", origin.port, .noPod), ("ended", origin.port, .noPod),
            ("pod-1", origin.port &+ 1, .policy), ("on-node", origin.port, .policy),
            ("starting", origin.port, .noAnswer), ("named", origin.port, .noAnswer),
        ]
        for (uid, port, code) in cases {
            let data = try rig.proxy.handed(.pod(uid: uid, port: port), "GET / HTTP/1.1\r\n\r\n")
            guard case .refused(let answered, let say) = data.answer() else {
                Issue.record("\(uid) was reached")
                continue
            }
            #expect(answered == code && !say.isEmpty, "\(uid)")
            #expect(data.ends())
        }
        #expect(rig.relay.figures.dials == 0)
    }

    @Test func aScanOfPortsReachesNothing() throws {
        let rig = try RelayRig()
        let origin = try Origin { _ in Issue.record("something was reached") }
        rig.add("pod-1", ports: [9])
        try rig.join(idle: 64)
        let ports = (0..<200).map { UInt16(truncatingIfNeeded: Int(origin.port) - 100 + $0) }.filter { $0 != 9 }
        for port in ports {
            let data = try rig.proxy.handed(.pod(uid: "pod-1", port: port))
            #expect(data.refusal() == .policy)
        }
        #expect(rig.relay.figures.handoffs == ports.count && rig.relay.figures.dials == 0)
    }

    @Test(
        arguments: [
            [0, 1, 0], [2, 0, 1, 107, 0, 0], [1, 0, 3, 97, 98, 99, 0, 0], [1, 255, 255], [1, 0, 1, 107, 0, 1, 32],
            Array("GET / HTTP/1.1\r\n\r\n".utf8),
        ] as [[UInt8]])
    func bytesThatAreNoHandOffAreRefused(_ bytes: [UInt8]) throws {
        let rig = try RelayRig()
        try rig.join()
        let data = try rig.proxy.data()
        data.send(bytes)
        #expect(data.refusal() == .noTarget)
        #expect(data.ends())
        #expect(rig.relay.figures.dials == 0)
    }

    @Test func aPodThatListensToNobodyRefuses() throws {
        let rig = try RelayRig()
        let port = try Listener().port
        rig.add("pod-1", ports: [port])
        try rig.join()
        let data = try rig.proxy.handed(.pod(uid: "pod-1", port: port), "GET")
        #expect(data.refusal() == .refusedConnection)
        #expect(data.ends())
    }

    @Test func aPodThatDoesNotAnswerIsGivenUp() throws {
        let rig = try RelayRig { $0.reach = .milliseconds(50) }
        // A network for documentation (RFC 5737), where nobody is; a machine may also know that it leads nowhere.
        rig.add("pod-1", address: "192.0.2.1", ports: [8888])
        try rig.join()
        let data = try rig.proxy.handed(.pod(uid: "pod-1", port: 8888))
        let code = data.refusal()
        #expect(code == .noAnswer || code == .refusedConnection)
    }

    @Test func aHandOffThatStopsHalfwayIsGivenUp() throws {
        let rig = try RelayRig { $0.handoff = .milliseconds(50) }
        try rig.join(idle: 1)
        let data = try rig.proxy.data()
        data.send([1, 0])
        #expect(data.ends())
        // Another one takes its place.
        #expect(eventually { rig.proxy.idle == 1 })
    }

    @Test func eachSideMayEndAndStillListen() throws {
        let rig = try RelayRig()
        let origin = try Origin { stream in
            var all: [UInt8] = []
            while let more = stream.receive(), !more.isEmpty { all += more }
            stream.send("got \(all.count)")
        }
        rig.add("pod-1", ports: [origin.port])
        try rig.join()
        let data = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port), "hello")
        #expect(data.answer() == .accepted)
        data.send(", world")
        data.end()
        #expect(data.text(6) == "got 12")
        #expect(data.ends() && data.hasEnded)
        #expect(eventually { rig.relay.figures.bound == 0 })
    }

    @Test func aPodThatHasForgottenAConnectionDoesNotKeepIt() throws {
        let rig = try RelayRig { $0.halfClosed = .milliseconds(50) }
        // Hears the end and never says its own, until it is cut off.
        let origin = try Origin { stream in _ = eventually { stream.receive() == nil } }
        rig.add("pod-1", ports: [origin.port])
        try rig.join()
        let data = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port), "hello")
        #expect(data.answer() == .accepted)
        data.end()
        #expect(data.ends() && !data.hasEnded)
        #expect(eventually { rig.relay.figures.bound == 0 })
    }

    @Test func thePodMayEndFirst() throws {
        let rig = try RelayRig()
        let rest = Mutex("")
        let origin = try Origin { stream in
            stream.send("bye")
            stream.shutDown()
            let text = stream.text(4)
            rest.withLock { $0 = text }
        }
        rig.add("pod-1", ports: [origin.port])
        try rig.join()
        let data = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port))
        #expect(data.answer() == .accepted)
        #expect(data.text(3) == "bye" && data.ends() && data.hasEnded)
        data.send("more")
        data.end()
        #expect(eventually { rest.withLock { $0 } == "more" })
    }

    @Test func aCutOnOneSideIsACutOnTheOther() throws {
        let rig = try RelayRig()
        let wasCut = Mutex<Bool?>(nil)
        let origin = try Origin { stream in
            guard stream.text(4) == "ends" else { return stream.resetWhenClosed() }
            let more = stream.receive()
            wasCut.withLock { $0 = more == nil }
        }
        rig.add("pod-1", ports: [origin.port])
        try rig.join()
        let reset = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port), "quit")
        #expect(reset.answer() == .accepted)
        #expect(reset.ends() && !reset.hasEnded)
        var cut: ProxyEnd? = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port), "ends")
        #expect(cut?.answer() == .accepted)
        cut = nil
        #expect(eventually { wasCut.withLock { $0 } != nil })
        #expect(wasCut.withLock { $0 } == true)
    }

    /// Beside somebody who has words to say they go in shorter portions.
    @Test(arguments: [false, true]) func manyMebibytesGoBothWaysUnchanged(besideWords: Bool) throws {
        let rig = try RelayRig()
        // Many times what our buffers hold.
        let total = 16 << 20
        let origin = try Origin { stream in
            // Back as it came, while it comes.
            while let more = stream.receive(256 << 10), !more.isEmpty { if !stream.send(more) { return } }
        }
        rig.add("pod-1", ports: [origin.port])
        try rig.join()
        let data = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port))
        #expect(data.answer() == .accepted)
        let other = besideWords ? try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port)) : nil
        if let other { #expect(other.answer() == .accepted) }
        let portion = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let isSame = Mutex(true)
        // What is sent and what comes back are both at the mercy of back-pressure, so no more than a portion is under way.
        for _ in 0..<total / portion.count {
            data.send(portion)
            if let other {
                other.send("word")
                #expect(other.text(4) == "word")
            }
            if data.receive(portion.count) != portion { isSame.withLock { $0 = false } }
        }
        #expect(isSame.withLock { $0 })
        data.end()
        #expect(data.ends() && data.hasEnded)
    }

    @Test func whoReadsSlowlyHoldsBackWhoSends() throws {
        let rig = try RelayRig()
        let sent = Atomic<Int>(0)
        let total = 64 << 20
        let origin = try Origin { stream in
            let portion = [UInt8](repeating: 7, count: 64 << 10)
            for _ in 0..<total / portion.count {
                guard stream.send(portion) else { return }
                sent.add(portion.count, ordering: .relaxed)
            }
        }
        rig.add("pod-1", ports: [origin.port])
        try rig.join()
        let data = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port))
        #expect(data.answer() == .accepted)
        // Until nothing moves any more: what is under way is in the kernel's buffers, and in two of ours.
        var last = -1
        while last <= 0 || last != sent.load(ordering: .relaxed) {
            last = sent.load(ordering: .relaxed)
            usleep(200_000)
        }
        #expect(last < 32 << 20)
        #expect(data.receive(total).count == total)
    }

    @Test func theGateIsReachedByItsSocket() throws {
        let rig = try RelayRig()
        let listener = try Descriptor.listener(path: rig.gate, replaces: false)
        let file = SocketFile(path: rig.gate)
        defer { file.remove() }
        _ = fcntl(listener.number, F_SETFL, 0)
        let number = listener.number
        let thread = LoopThread {
            let stream = Stream(owning: accept(number, nil, nil))
            stream.send(stream.text(3))
        }
        try rig.join()
        let data = try rig.proxy.handed(.api, "GET")
        #expect(data.answer() == .accepted && data.text(3) == "GET")
        #expect(data.ends())
        thread.join()
        _ = consume listener
        file.remove()
        #expect(try rig.proxy.handed(.api).refusal() == .refusedConnection)
    }

    @Test func noMoreIsCarriedThanMayBe() throws {
        let rig = try RelayRig { $0.bound = 1 }
        let origin = try Origin { stream in _ = stream.receive() }
        rig.add("pod-1", ports: [origin.port])
        try rig.join()
        let first = try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port))
        #expect(first.answer() == .accepted)
        #expect(try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port)).refusal() == .tooMany)
        first.end()
        #expect(first.ends())
        #expect(eventually { rig.relay.figures.bound == 0 })
        #expect(try rig.proxy.handed(.pod(uid: "pod-1", port: origin.port)).answer() == .accepted)
    }
}
