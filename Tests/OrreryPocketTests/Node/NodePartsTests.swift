import Foundation
import Glibc
import OrreryModel
import Testing

@testable import OrreryPocket

/// The parts of the node that need no process.
@Suite struct NodePartsTests {
    @Test(arguments: [
        ("plain", "plain"), ("$(A)", "1"), ("$(A)$(B)", "12"), ("$$(A)", "$(A)"), ("$(C)", "$(C)"), ("$$$(A)", "$1"),
        ("a$", "a$"), ("$(A", "$(A"), ("$A", "$A"), ("", ""),
    ])
    func referencesAreExpandedAsKubernetesDoes(_ text: String, _ expected: String) {
        #expect(ContainerEnvironment.expand(text, with: ["A": "1", "B": "2"]) == expected)
    }

    @Test(
        arguments: [
            ("registry.example/lab:1", "registry.example/lab", "1"), ("busybox", "docker.io/library/busybox", nil),
            ("me/lab:x", "docker.io/me/lab", "x"), ("localhost:5000/a/b", "localhost:5000/a/b", nil),
        ] as [(String, String, String?)])
    func aReferenceHasItsParts(_ text: String, _ name: String, _ tag: String?) throws {
        let reference = try ImageReference(text)
        #expect(reference.name == name)
        #expect(reference.tag == tag)
    }

    @Test(arguments: ["a b", "lab:", "lab@sha256:1", "/lab", "lab//x", "", "lab:-x"])
    func whatIsNoReferenceIsSaidSo(_ text: String) {
        #expect(throws: ImageCatalog.Failure.self) { try ImageReference(text) }
    }

    @Test func aDigestIsMoreThanATag() throws {
        let test = try TestNode()
        defer { FileBytes.remove(test.directory) }
        let catalog = ImageCatalog(test.configuration.images)
        let digest = "sha256:" + String(repeating: "a", count: 64)
        let other = "sha256:" + String(repeating: "b", count: 64)
        #expect(try catalog.image(for: "nbk.local/busybox@\(digest)").id == "nbk.local/busybox@\(digest)")
        #expect(try catalog.image(for: "nbk.local/busybox:9@\(digest)").id == "nbk.local/busybox@\(digest)")
        #expect(throws: ImageCatalog.Failure.self) { try catalog.image(for: "nbk.local/busybox@\(other)") }
        #expect(throws: ImageCatalog.Failure.self) { try catalog.image(for: "nbk.local/busybox") }
    }

    @Test func addressesAreGivenInTurnAndNeverTwice() throws {
        var pool = AddressPool(try #require(PocketConfiguration.AddressRange("127.9.0.8/29")))
        #expect(pool.nodeAddress == "127.9.0.9")
        pool.keep("127.9.0.11")
        #expect([pool.take(), pool.take(), pool.take()] == ["127.9.0.12", "127.9.0.13", "127.9.0.14"])
        pool.giveBack("127.9.0.12")
        #expect([pool.take(), pool.take(), pool.take()] == ["127.9.0.10", "127.9.0.12", nil])
    }

    @Test func aSelectorThatTheNodeDoesNotHaveKeepsAPodWaiting() throws {
        let node = PocketConfiguration.Node(
            name: "n", cpu: CPUCount(millicores: 1000), memory: ByteCount(bytes: 1 << 30), labels: ["disk": "fast"])
        var pod = Pods.bare
        pod["spec"] = ["nodeSelector": ["disk": "fast", "kubernetes.io/os": "linux"]]
        let scheduler = Scheduler(node: node, load: NodeLoad())
        #expect(scheduler.decide(try #require(PodManifest(pod)), problem: nil) == .fits)
        pod["spec"] = ["nodeSelector": ["disk": "slow"]]
        #expect(
            scheduler.decide(try #require(PodManifest(pod)), problem: nil)
                == .waits(
                    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. no new claims to "
                        + "deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
                ))
    }

    @Test func aProbeTakesItsThresholds() throws {
        let container = ContainerManifest(
            ["readinessProbe": ["exec": [:], "failureThreshold": 2, "successThreshold": 2, "initialDelaySeconds": 3]],
            isInit: false)
        let probe = try #require(Probe(.readiness, of: container))
        let start = Date(timeIntervalSince1970: 0)
        var progress = ProbeProgress(probe, runID: "1", startedAt: start)
        #expect(progress.dueAt == start + 3)
        let results = [true, true, false, true, false, false, false]
        #expect(
            results.map { progress.end($0, of: probe, at: start + 4) }
                == [.none, .passed, .none, .none, .none, .failed, .failed])
        #expect(progress.dueAt == start + 14)
    }

    @Test func waitingTimesDoubleUpToTheirLimit() {
        var retry = Retry(first: 10, most: 60)
        let now = Date(timeIntervalSince1970: 0)
        #expect((0..<5).map { _ in retry.fail(at: now) } == [10, 20, 40, 60, 60])
        #expect(!retry.isDue(at: now + 59))
        #expect(retry.isDue(at: now + 60))
    }

    @Test func theLogHasTimeStreamAndFlagAndWaitsForLineEnds() throws {
        try inDirectory { directory in
            let pump = LogPump(directory: directory)
            let now = Date(timeIntervalSince1970: 1_700_000_000.25)
            try FileBytes.append(Array("one\ntw".utf8), to: "\(directory)/stdout")
            try FileBytes.append(Array("bad\n".utf8), to: "\(directory)/stderr")
            pump.run(now: now)
            let stamp = "2023-11-14T22:13:20.250000000Z"
            #expect(try text("\(directory)/log") == "\(stamp) stdout F one\n\(stamp) stderr F bad\n")
            try FileBytes.append(Array("o".utf8), to: "\(directory)/stdout")
            pump.run(now: now, isLast: true)
            #expect(try text("\(directory)/log").hasSuffix("\(stamp) stdout F two\n"))
        }
    }

    @Test func theLogKeepsItsYoungerHalfAndNothingIsReadTwice() throws {
        try inDirectory { directory in
            var pump = LogPump(directory: directory)
            pump.limit = 100_000
            for round in 0..<20 {
                let lines = (0..<1000).map { "line \(round * 1000 + $0)\n" }.joined()
                try FileBytes.append(Array(lines.utf8), to: "\(directory)/stdout")
                pump.run(now: Date(timeIntervalSince1970: 0))
            }
            let numbers = try text("\(directory)/log").split(separator: "\n").compactMap { line in
                line.split(separator: " ").last.flatMap { Int($0) }
            }
            #expect(numbers.last == 19_999)
            #expect(numbers.count > 500 && numbers.count < 3000)
            #expect(numbers == Array(numbers[0]...19_999))
        }
    }

    @Test func aLongLineComesInPieces() throws {
        try inDirectory { directory in
            let line = String(repeating: "x", count: 150_000)
            try FileBytes.append(Array("\(line)\n".utf8), to: "\(directory)/stdout")
            LogPump(directory: directory).run(now: Date(timeIntervalSince1970: 0))
            let pieces = try text("\(directory)/log").split(separator: "\n").map {
                $0.split(separator: " ", maxSplits: 3).dropFirst(2)
            }
            #expect(pieces.compactMap { $0.last }.joined() == line)
            #expect(pieces.compactMap { $0.first } == ["P", "P", "F"])
        }
    }

    @Test(
        arguments: [
            ("a/b", "a/b"), ("./a//b/", "a/b"), ("link/b", "a/b"), ("a/../a/b", "a/b"), ("", ""), ("absolute", nil),
            ("up", nil), ("..", nil), ("a/up2", nil), ("loop", nil), ("none", nil),
        ] as [(String, String?)])
    func aRootedPathStaysInside(_ path: String, _ expected: String?) throws {
        try inDirectory { directory in
            try FileBytes.makeDirectory("\(directory)/a/b")
            for (name, target) in [
                ("link", "a"), ("absolute", "/etc"), ("up", ".."), ("a/up2", "../../x"), ("loop", "loop"),
            ] {
                #expect(unsafe symlink(target, "\(directory)/\(name)") == 0)
            }
            let rooted = RootedPath(root: directory)
            guard let expected else {
                #expect(throws: RootedPath.Failure.self) { _ = try rooted.open(path) }
                return
            }
            let found = try rooted.open(path)
            let wanted = try RootedPath(root: "\(directory)/\(expected)").open("")
            #expect(found.identity != nil && found.identity == wanted.identity)
        }
    }

    @Test func aMountPointThatARootLacksOpensUpItsDirectory() throws {
        try inDirectory { directory in
            for path in ["home", "usr/bin", "etc/x"] { try FileBytes.makeDirectory("\(directory)/\(path)") }
            #expect(unsafe symlink("usr/bin", "\(directory)/bin") == 0)
            let tree = RootTree(.root(directory), mountPoints: ["/home/ada", "/usr/bin", "/data"])
            #expect(
                tree.entries == [
                    .link(target: "usr/bin", destination: "/bin"),
                    .bind(source: "\(directory)/etc", destination: "/etc"), .directory("/home"),
                    .bind(source: "\(directory)/usr", destination: "/usr"),
                ])
        }
    }

    private func text(_ path: String) throws -> String { String(decoding: try FileBytes.read(path), as: UTF8.self) }

    private func inDirectory(_ body: (String) throws -> Void) throws {
        let directory = "/tmp/pocket-test-\(UInt64.random(in: .min ... .max))"
        try FileBytes.makeDirectory(directory)
        defer { FileBytes.remove(directory) }
        try body(directory)
    }
}
