import Foundation
import Glibc
import OrreryModel
import Testing

@testable import OrreryPocket

/// What a pod sees of the machine, and as whom.
@Suite struct NodeIsolationTests {
    @Test(.enabled(if: geteuid() == 0, "takes root"))
    func userAndGroupsAreRealAndNoPrivilegeIsLeft() async throws {
        try await TestNode.run { test in
            let lines = try await test.output(
                of: "id; grep -hE 'NoNewPrivs|Cap(Eff|Prm|Inh|Bnd|Amb)' /proc/self/status | tr -s '\\t' ' '"
            ) { $0["spec"]?["securityContext"] = Self.identity }
            #expect(lines[0] == "uid=51001 gid=51002 groups=51002,51003,51004")
            #expect(lines.dropFirst().allSatisfy { $0.hasSuffix(" 0000000000000000") || $0 == "NoNewPrivs: 1" })
            #expect(lines.count == 7)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "takes root"))
    func filesOnAVolumeBelongToThePodsUserAndGroup() async throws {
        try await TestNode.run({ $0.hostPaths = ["/tmp/"] }) { test in
            let data = "\(test.directory)/data"
            try FileBytes.makeDirectory(data, mode: 0o777)
            let lines = try await test.output(of: "touch /data/f; chgrp 51004 /data/f; echo done") { pod in
                pod["spec"]?["securityContext"] = Self.identity
                pod.mount("data", ["hostPath": ["path": .string(data)]], at: "/data")
            }
            #expect(lines == ["done"])
            let made = try FileManager.default.attributesOfItem(atPath: "\(data)/f")
            #expect(made[.ownerAccountID] as? Int == 51001)
            #expect(made[.groupOwnerAccountID] as? Int == 51004)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "takes root"))
    func aWorkingDirectoryThatOnlyThePodsUserMayEnterIsEntered() async throws {
        try await TestNode.run({ $0.hostPaths = ["/tmp/"] }) { test in
            let home = "\(test.directory)/home"
            try FileBytes.makeDirectory(home, mode: 0o700)
            let given = unsafe chown(home, 51001, 51002)
            #expect(given == 0)
            let lines = try await test.output(of: "pwd; touch f && echo mine") { pod in
                pod["spec"]?["securityContext"] = Self.identity
                pod.mount("home", ["hostPath": ["path": .string(home)]], at: "/home/ada")
                var container = pod["spec"]?["containers"]?.array?.first
                container?["workingDir"] = "/home/ada"
                pod["spec"]?["containers"] = .array([container ?? .null])
            }
            #expect(lines == ["/home/ada", "mine"])
        }
    }

    @Test(arguments: [Sandbox.own, .mapped]) func aReadOnlyMountRefusesWrites(_ sandbox: Sandbox) async throws {
        try await TestNode.run(sandbox: sandbox, { $0.hostPaths = ["/tmp"] }) { test in
            let data = "\(test.directory)/data"
            try FileBytes.makeDirectory("\(data)/below", mode: 0o777)
            let lines = try await test.output(of: "touch /data/f /data/below/f /usr/f /f 2>&1; id -u; id -g") { pod in
                pod["spec"]?["securityContext"] = ["runAsUser": 0, "runAsGroup": 1234]
                pod.mount("data", ["hostPath": ["path": .string(data)]], at: "/data", ["readOnly": true])
            }
            let refused = ["/data/f", "/data/below/f", "/usr/f", "/f"].map {
                "touch: cannot touch '\($0)': Read-only file system"
            }
            #expect(lines == refused + ["0", "1234"])
        }
    }

    @Test(arguments: [Sandbox.own, .mapped]) func nothingElseOfTheMachineIsThere(_ sandbox: Sandbox) async throws {
        try await TestNode.run(sandbox: sandbox) { test in
            let lines = try await test.output(
                of: """
                    ls -d /home /root /var/lib /etc/shadow /srv \(test.directory)/state 2>/dev/null
                    cut -d: -f1 /etc/passwd | tr '\\n' ' '; echo
                    ls /proc | grep -c '^[0-9]'
                    ls -l /proc/self/fd | grep -o -e pocket-test.* | grep -v stdout
                    hostname; touch /tmp/a /var/tmp/a /dev/shm/a /run/a && echo private; echo $HOSTNAME $HOME
                    """)
            #expect(lines.prefix(1) == ["root nobody "])
            let processes = try #require(Int(lines[1]))
            #expect(processes < 8)
            // No descriptor but those of the log leads out of the sandbox.
            #expect(lines[2].hasSuffix("stderr") && !lines[3].contains("pocket-test"))
            #expect(lines[3].hasPrefix("script-"))
            #expect(lines[4] == "private")
            #expect(lines[5].hasSuffix("/root"))
        }
    }

    @Test(arguments: [Sandbox.own, .mapped]) func rootInAPodChangesNothingOfTheKernel(_ sandbox: Sandbox) async throws {
        try await TestNode.run(sandbox: sandbox) { test in
            // The value that is there already, should it ever be taken.
            let lines = try await test.output(
                of: "id -u; cd /proc/sys/vm; value=$(cat swappiness); echo $value > swappiness; wc -c < /proc/keys")
            #expect(lines.first == "0")
            #expect(lines.contains { $0.hasSuffix("cannot create swappiness: Read-only file system") })
            #expect(lines.contains("0"))
        }
    }

    @Test(arguments: [Sandbox.own, .mapped]) func identityLooksRight(_ sandbox: Sandbox) async throws {
        try await TestNode.run(sandbox: sandbox) { test in
            let lines = try await test.output(of: "id -u; id -g; stat -c %a /tmp") {
                $0["spec"]?["securityContext"] = Self.identity
            }
            #expect(lines == ["51001", "51002", "1777"])
        }
    }

    @Test func aSubPathIsMadeWithTheVolumesModeAndAFileMayBeMounted() async throws {
        try await TestNode.run({ $0.hostPaths = ["/tmp"] }) { test in
            let data = "\(test.directory)/data"
            try FileBytes.makeDirectory(data, mode: 0o1771)
            try test.create(.configmaps, "accounts", ["data": ["passwd": "ada:x:51001:51001:Ada:/home/ada:/bin/sh\n"]])
            let lines = try await test.output(of: "cat /etc/passwd; stat -c %a /home/ada; echo $HOME") { pod in
                pod["spec"]?["securityContext"] = ["runAsUser": 51001]
                pod.mount("data", ["hostPath": ["path": .string(data)]], at: "/home/ada", ["subPath": "people/ada"])
                pod.mount("accounts", ["configMap": ["name": "accounts"]], at: "/etc/passwd", ["subPath": "passwd"])
            }
            #expect(lines == ["ada:x:51001:51001:Ada:/home/ada:/bin/sh", "1771", "/home/ada"])
        }
    }

    @Test(arguments: ["/etc", "../../../../etc", "inside/../../.."])
    func aSubPathThatLeadsOutOfItsVolumeIsRefused(_ target: String) async throws {
        try await TestNode.run({ $0.hostPaths = ["/tmp"] }) { test in
            let data = "\(test.directory)/data"
            try FileBytes.makeDirectory("\(data)/inside")
            #expect(unsafe symlink(target, "\(data)/link") == 0)
            var pod = Pods.shell("escape", "ls /data")
            pod.mount("data", ["hostPath": ["path": .string(data)]], at: "/data", ["subPath": "link"])
            let key = try test.create(pod)
            let refused = try await test.wait(for: key) { $0.waitingReason == "CreateContainerConfigError" }
            #expect(
                refused.container["state"]?["waiting"]?["message"]
                    == "failed to prepare subPath for volumeMount \"data\" of container \"notebook\"")
        }
    }

    @Test(arguments: [Sandbox.own, .mapped])
    func noVariableOfAPodReachesAProgramWithPrivileges(_ sandbox: Sandbox) async throws {
        try await TestNode.run(sandbox: sandbox) { test in
            // A loader that is given this says which programs it loads.
            let lines = try await test.output(of: "echo \"$ODD\"; id -u") { pod in
                pod["spec"]?["securityContext"] = ["runAsUser": 51001]
                pod.container { container in
                    container["env"] = [
                        ["name": "LD_DEBUG", "value": "files"], ["name": "ODD", "value": "it's $HOME\n`x`\\"],
                    ]
                }
            }
            #expect(lines.contains("it's $HOME") && lines.contains("`x`\\") && lines.contains("51001"))
            #expect(lines.contains { $0.contains("needed by sh ") })
            let ours = ["setpriv", "unshare", "bwrap", "nsenter"]
            #expect(!lines.contains { line in ours.contains(where: line.contains) })
        }
    }

    @Test(arguments: [
        "/usr/bin/setpriv", "/usr/lib", "/lib64", "/bin/setpriv", "/usr", "/etc", "/lib/x86_64-linux-gnu",
    ])
    func nothingIsMountedOverTheWayIntoTheSandbox(_ path: String) async throws {
        try await TestNode.run { test in
            var pod = Pods.shell("over", "true")
            pod.mount("data", ["emptyDir": [:]], at: path)
            let key = try test.create(pod)
            let refused = try await test.wait(for: key) {
                !$0.waitingReason.isEmpty && $0.waitingReason != "ContainerCreating"
            }
            #expect(refused.waitingReason == "CreateContainerConfigError")
        }
    }

    @Test func aHostPathOutsideOfWhatIsAllowedIsNotMounted() async throws {
        try await TestNode.run({ $0.hostPaths = [$0.state + "/../open"] }) { test in
            try FileBytes.makeDirectory("\(test.directory)/open")
            #expect(unsafe symlink("/etc", "\(test.directory)/open/link") == 0)
            for path in ["/etc", "\(test.directory)/state/../open/link"] {
                var pod = Pods.shell("host\(path.count)", "ls /data")
                pod.mount("data", ["hostPath": ["path": .string(path)]], at: "/data")
                let key = try test.create(pod)
                try await test.wait(for: key) { _ in
                    test.events(of: key.name).contains { $0.hasPrefix("FailedMount:") }
                }
                #expect(test.store.object(key)?.waitingReason == "ContainerCreating")
            }
        }
    }

    @Test func aDirectoryExchangedForAnotherWhileItWasMountedIsNoticed() async throws {
        try await TestNode.run { test in
            let node = try test.node()
            _ = node
            let plan = SandboxPlan(
                sandbox: .own, tree: RootTree(.environment("\(test.directory)/environment"), mountPoints: []),
                mounts: [.init(source: "\(test.directory)/environment", destination: "/data", isReadOnly: false)],
                hostname: "gate",
                identity: RunIdentity(try #require(PodManifest(Pods.bare)), .init([:], isInit: false)),
                workingDirectory: "/", command: ["true"])
            let directory = "\(test.directory)/run"
            try FileBytes.makeDirectory(directory)
            let other = try #require(try RootedPath(root: test.directory).open("state").identity)
            let run = try ContainerRun.start(
                plan, in: directory, variables: ["PATH": "/usr/bin"],
                expected: [.init(destination: "/data", identity: other)])
            defer { run.send(SIGKILL) }
            let deadline = ContinuousClock.now + .seconds(60)
            while case .closed = run.look(), .now < deadline { try await Task.sleep(for: .milliseconds(5)) }
            guard case .refused(let problem) = run.look() else {
                Issue.record("the gate is not refused")
                return
            }
            #expect(problem == "the volume at /data was changed while it was mounted")
        }
    }

    private static let identity: JSON = [
        "runAsUser": 51001, "runAsGroup": 51002, "supplementalGroups": [51003, 51004], "runAsNonRoot": true,
    ]
}

extension Pods {
    static let bare: JSON = ["metadata": ["name": "bare", "uid": "bare"], "spec": [:]]
}
