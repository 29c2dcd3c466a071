import OrreryDocument
import OrreryModel
import Testing

@testable import OrreryAgent

/// How a site writes its policy.
struct SitePolicyDocumentTests {
    @Test(arguments: [
        ("registry: [a]", "unknown key `registry`; did you mean `registries`?"),
        ("maxima: {cpus: 4}", "unknown key `cpus`; did you mean `cpu`?"), ("uids: [0-10]", "0 is root"),
        ("uids: [10-1]", "no range"), ("gids: [5000000000]", "no range"), ("hostPaths: [/]", "no directory"),
        ("hostPaths: [/a/../b]", "no directory"), ("hostPaths: [a]", "no directory"), ("hostPaths: /a", "a list"),
        ("nfs: [{path: /a}]", "`server` is missing"), ("registries: [https://a]", "no registry"),
        ("namespaces: [Orrery]", "no name"), ("maxima: {memory: lots}", "number of bytes"),
        ("hostPaths: [/data/x, {path: /data, writable: true}]", "`/data/x` lies in /data"),
        (
            "nfs: [{server: a, path: /x/y}, {server: a, path: /x, writable: true}]", "`/x/y` lies in /x"
        ), ("tolerations: ['*']", "no key of a taint"),
        ("tolerations: [node-role.kubernetes.io/control-plane]", "no session runs there"),
        ("imagePullSecrets: [A]", "no name"), ("hub: a/b", "no value of a label"), ("[]", "a mapping is wanted"),
    ]) func aPolicyThatIsWrongSaysWhere(_ text: String, _ words: String) {
        #expect {
            try PolicySamples.policy(text)
        } throws: { error in
            let message = "\(error)"
            return message.contains("policy.yaml:1:") && message.contains(words)
        }
    }

    @Test func everyKeyIsRead() throws {
        let policy = try PolicySamples.policy(
            """
            site: South
            hub: facility
            namespaces: [orrery, lab]
            registries: [registry.example:5000/lab]
            hostPaths: [/cvmfs, {path: /data, writable: true}]
            nfs: [{server: nfs.example, path: /exports}]
            csiDrivers: [smb.csi.k8s.io]
            storageClasses: [fast]
            priorityClasses: [low]
            runtimeClasses: [nvidia]
            tolerations: [nvidia.com/gpu, Spot]
            imagePullSecrets: [registry]
            uids: [1000, 20000-29999]
            gids: [3000-3999]
            maxima: {cpu: 8, memory: 64Gi, gpu: 1, lifetime: 7d, claim: 100Gi, sessions: 50}
            groups: [atlas]
            paused: false
            """)
        #expect(policy.hostPaths.map(\.isWritable) == [false, true])
        #expect(policy.nfs == [SitePolicy.Export(server: "nfs.example", path: "/exports", isWritable: false)])
        #expect(policy.uids == [1000...1000, 20_000...29_999])
        #expect(policy.maxima.sessions == 50)
        #expect(policy.tolerations == ["nvidia.com/gpu", "Spot"] && policy.imagePullSecrets == ["registry"])
        #expect(policy.pause == nil)
        #expect(policy.namespaces == ["orrery", "lab"])
        #expect(
            policy.inventory == [
                "paused": false, "namespaces": ["orrery", "lab"], "registries": ["registry.example:5000/lab"],
                "groups": ["atlas"],
                "maxima": [
                    "cpu": "8", "memory": "64Gi", "gpu": 1, "lifetime": 604_800, "claim": "100Gi", "sessions": 50,
                ],
            ])
    }
}
