import Foundation
import OrreryDocument
import Testing

@testable import OrreryPolicy

struct LoadingTests {
    struct Slip: Sendable, CustomTestStringConvertible {
        let document: String
        let right: String
        let wrong: String
        let sentence: String
        var testDescription: String { wrong }

        init(_ document: String, _ right: String, _ wrong: String, _ sentence: String) {
            (self.document, self.right, self.wrong, self.sentence) = (document, right, wrong, sentence)
        }
    }

    @Test func whatIsRightIsLoaded() throws {
        #expect(try PolicyDirectory().sentences() == [])
        #expect(
            try PolicyDirectory().load().names.map { "\($0.kind): \($0.names.joined(separator: " "))" } == [
                "filesets: dr3 home project project-shared scratch software", "profiles: bench standard",
                "environments: bare lab", "sizes: large small", "clusters: north south",
            ])
    }

    @Test(arguments: Slip.filesets + Slip.profiles + Slip.bindings)
    func aSlipIsOneSentenceAtItsPlace(_ slip: Slip) throws {
        let sentences = try PolicyDirectory().replacing(slip.right, in: slip.document, with: slip.wrong).sentences()
        #expect(sentences == [slip.sentence])
    }

    @Test func everyErrorIsCollectedAndTheFirstIsThrown() throws {
        let directory = PolicyDirectory()
            .replacing("to: [developers], mode: rw", with: "to: [develpers], mode: rw")
            .replacing("limit: 2500m", in: "profiles.yaml", with: "limit: 100m")
            .replacing("pvc: home", in: "clusters/south.yaml", with: "nfs: home")
        #expect(
            try directory.sentences().map { $0.prefix { $0 != ":" } } == [
                "filesets.yaml", "profiles.yaml", "clusters/south.yaml",
            ])
        #expect { try directory.load() } throws: { "\($0)".contains("/filesets.yaml:") }
    }

    @Test(arguments: [
        ("filesets.yaml", "filesets.yaml:1:1: the file cannot be read: there is no such file"),
        ("profiles.yaml", "profiles.yaml:1:1: the file cannot be read: there is no such file"),
    ])
    func aMissingDocumentIsNamed(document: String, sentence: String) throws {
        #expect(try PolicyDirectory().removing(document).sentences() == [sentence])
    }

    /// The tests of the policy are about clusters, too, and would not say what is missing.
    @Test func aMissingBindingIsNamedBeforeTestsAreRun() throws {
        let test = "tests: [{who: {groups: [science]}, on: north, not: [/scratch]}]"
        let policy = PolicyDirectory().replacing("filesets:", with: test + "\nfilesets:")
        #expect(
            try policy.removing("clusters/north.yaml").sentences(bound: ["north", "south"]) == [
                "clusters:1:1: the policy says nothing about the cluster `north`: write clusters/north.yaml"
            ])
        #expect(
            try policy.replacing("cluster: north", in: "clusters/north.yaml", with: "cluster: nort")
                .sentences(bound: ["north"]).first?.hasSuffix("did you mean the cluster with `cluster: nort`?") == true)
        #expect(
            try policy.removing("clusters/north.yaml").adding("clusters/north.yml", "cluster: north")
                .sentences(bound: ["north"]).first?.contains("(north.yml is not read") == true)
    }

    @Test func whatLiesBesideTheBindingsIsWarnedOf() throws {
        #expect(try PolicyDirectory().warnings().isEmpty)
        let strays = PolicyDirectory().adding("clusters/west.yml", "cluster: west")
            .adding("clusters/.swp", "").adding("clusters/east.yaml", "cluster: north")
        #expect(
            try strays.warnings() == [
                "clusters/east.yaml binds the cluster `north`, not one of its own name",
                "clusters/west.yml is not read: its name does not end with .yaml",
            ])
    }

    @Test func aDirectoryThatCannotBeReadIsNotAnEmptyOne() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        // Root may read every directory; nobody reads a file as one.
        try Data().write(to: directory.appendingPathComponent("clusters"))
        #expect { try BindingFiles(directory: directory.path).names() } throws: {
            "\($0)".hasSuffix("clusters:1:1: the directory cannot be read")
        }
    }

    @Test func aPolicyWithoutClustersIsRefused() throws {
        let directory = PolicyDirectory().removing("clusters/north.yaml").removing("clusters/south.yaml")
        #expect(
            try directory.sentences()
                == ["clusters:1:1: the policy binds no cluster: write one file `NAME.yaml` for each"])
    }
}

extension LoadingTests.Slip {
    static let filesets: [Self] = [
        Self(
            "filesets.yaml", "required: true", "requierd: true",
            "filesets.yaml:5:5: filesets.home: unknown key `requierd`; did you mean `required`?"),
        Self(
            "filesets.yaml", "[developers], mode: rw", "[develpers], mode: rw",
            "filesets.yaml:22:20: filesets.scratch.grants[0].to[0]: there is no group `develpers`; "
                + "did you mean `developers`?"),
        Self(
            "filesets.yaml", "[suspended]", "[\"project:{g}\"]",
            "filesets.yaml:19:13: filesets.dr3.never[0]: there is no group `project:{g}`; known are everyone, "
                + "collaborators, developers, operators, science, suspended, project:*"),
        Self(
            "filesets.yaml", "  scratch:\n", "  scratch:\n    home: true\n",
            "filesets.yaml:20:3: filesets: `home` and `scratch` are both `home: true`; a session has one home"),
        Self(
            "filesets.yaml", "home: true", "home: false",
            "filesets.yaml:2:3: filesets: no fileset is `home: true`; a session needs a home"),
        Self(
            "filesets.yaml", "/software", "/datasets/dr3",
            "filesets.yaml:23:3: filesets: `software` is mounted at /datasets/dr3 as `dr3` is"),
        Self(
            "filesets.yaml", "/home/{user}", "/home/{usr}",
            "filesets.yaml:3:9: filesets.home.at: the hole `{usr}` is unknown; did you mean `{user}`?"),
        Self(
            "filesets.yaml", "/home/{user}", "/{user}",
            "filesets.yaml:3:9: filesets.home.at: the path `/{user}` must begin with a fixed directory, not with a hole"
        ),
        Self(
            "filesets.yaml", "/home/{user}", "/home/{user}{uid}",
            "filesets.yaml:3:9: filesets.home.at: the segment `{user}{uid}` may have letters, digits, `._+@=-`, "
                + "and at most one hole"),
        Self(
            "filesets.yaml", "/software", "/software/../etc",
            "filesets.yaml:24:9: filesets.software.at: the path `/software/../etc` is not in its simplest form: "
                + "no `//`, `.`, `..` or `/` at its end"),
        Self(
            "filesets.yaml", "/project/{group}", "/project/all",
            "filesets.yaml:8:9: filesets.project.at: a fileset with `each` needs `{group}` in its path"),
        Self(
            "filesets.yaml", "/scratch/{user}", "/scratch/{group}",
            "filesets.yaml:21:9: filesets.scratch.at: `{group}` needs `each: \"kind:*\"`"),
        Self(
            "filesets.yaml", "project:*", "projekt:*",
            "filesets.yaml:9:11: filesets.project.each: no rule of identity makes groups like `projekt:*`; "
                + "did you mean `project:*`?"),
        Self(
            "filesets.yaml", "to: [everyone], mode: ro", "to: [member], mode: ro",
            "filesets.yaml:13:20: filesets.project-shared.grants[0].to[0]: "
                + "`member` means something only in a fileset with `each`"),
        Self(
            "filesets.yaml", "mode: rw", "mode: wr",
            "filesets.yaml:6:37: filesets.home.grants[0].mode: unknown mode `wr`; did you mean `rw`?"),
        Self(
            "filesets.yaml", "from: 2027-06-30T00:00:00Z", "until: 2027-06-30T00:00:00Z, from: 2028-01-01T00:00:00Z",
            "filesets.yaml:18:9: filesets.dr3.grants[1]: `until` is not after `from`: the grant would never hold"),
        Self(
            "filesets.yaml", "surfaces: []", "surfaces: [notbook]",
            "filesets.yaml:25:16: filesets.software.surfaces[0]: unknown surface `notbook`; did you mean `notebook`?"),
        Self(
            "filesets.yaml", "never: [suspended]", "revoke: stopp",
            "filesets.yaml:19:13: filesets.dr3.revoke: unknown word `stopp`; did you mean `stop`?"),
    ]

    static let profiles: [Self] = [
        Self(
            "profiles.yaml", "lab/notebook:2026.11", "evil/notebook:2026.11",
            "profiles.yaml:3:28: environments.lab.image: registry.example/evil/notebook is in no registry of "
                + "`registries`, so it cannot run"),
        Self(
            "profiles.yaml", "registry.example/base", "base",
            "profiles.yaml:4:17: environments.bare.image: `base` is not a full image name such as "
                + "registry.example/lab/notebook:2026.11"),
        Self(
            "profiles.yaml", PolicyDirectory.digest, "sha256:123",
            "profiles.yaml:3:77: environments.lab.digest: `sha256:123` is not an image digest: "
                + "`sha256:` and 64 hexadecimal digits in lower case"),
        Self(
            "profiles.yaml", "limit: 2500m", "limit: 250m",
            "profiles.yaml:6:39: sizes.small.cpu.limit: the limit is below the request"),
        Self(
            "profiles.yaml", "memory: 64Gi", "memory: 64GiB",
            "profiles.yaml:7:27: sizes.large.memory: a number of bytes such as 4Gi or 500M is wanted here, not `64GiB`"),
        Self(
            "profiles.yaml", "default: true", "default: false",
            "profiles.yaml:9:3: profiles: no profile is `default: true`"),
        Self(
            "profiles.yaml", "    allow: [developers]\n", "    allow: [developers]\n    default: true\n",
            "profiles.yaml:9:3: profiles: `standard` and `bench` are both `default: true`; one profile can be"),
        Self(
            "profiles.yaml", "[lab, bare]", "[lap, bare]",
            "profiles.yaml:13:20: profiles.standard.environments[0]: unknown environment `lap`; did you mean `lab`?"),
        Self(
            "profiles.yaml", "large: [developers]}\n    filesets: {require: [home], ",
            "larg: [developers]}\n    filesets: {",
            "profiles.yaml:14:32: profiles.standard.sizes: unknown key `larg`; did you mean `large`?"),
        Self(
            "profiles.yaml", "[home, scratch]", "[scratch]",
            "profiles.yaml:22:15: profiles.bench.filesets: a session needs a home: require or offer the fileset `home`"),
        Self(
            "profiles.yaml", "[home, scratch]", "[home, scrach]",
            "profiles.yaml:22:32: profiles.bench.filesets.require[1]: unknown fileset `scrach`; did you mean `scratch`?"
        ),
        Self(
            "profiles.yaml", "OMP_NUM_THREADS", "JUPYTERHUB_USER",
            "profiles.yaml:17:28: profiles.standard.env.JUPYTERHUB_USER: the variable `JUPYTERHUB_USER` is set by the hub"
        ),
        Self(
            "profiles.yaml", "\"{cpu}\"", "\"{memory}\"",
            "profiles.yaml:17:28: profiles.standard.env.OMP_NUM_THREADS: "
                + "`{cpu}` is the only thing that is filled in here; other braces are refused"),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 7d, idle: 8d}",
            "profiles.yaml:16:27: profiles.standard.life.idle: a session that may be idle for longer than `max` never is"
        ),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 7d, idle: 4h, warn: 4h}",
            "profiles.yaml:16:37: profiles.standard.life.warn: the warning has to come after the start and before the "
                + "end: less than 4h"),
        Self(
            "profiles.yaml", "{perUser: 1}", "{perUser: 3, total: 2}",
            "profiles.yaml:24:12: profiles.bench.limit: one person may have 3 and all together only 2"),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 7d}\n    clusters: {prefer: [hom]}",
            "profiles.yaml:17:25: profiles.standard.clusters.prefer[0]: unknown preference `hom`; did you mean `home`?"),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 7d}\n    clusters: {prefer: [{fileset: dr4}]}",
            "profiles.yaml:17:35: profiles.standard.clusters.prefer[0].fileset: unknown fileset `dr4`; did you mean "
                + "`dr3`?"),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 7d}\n    clusters: {match: {\"a b\": c}}",
            "profiles.yaml:17:31: profiles.standard.clusters.match.a b: `a b` cannot be the name of a label"),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 7d}\n    options: {cuda: {choices: {}}}",
            "profiles.yaml:17:31: profiles.standard.options.cuda.choices: at least one choice is wanted here"),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 7d}\n    options: {cuda: {choices: {a: {image: x}}}}",
            "profiles.yaml:17:36: profiles.standard.options.cuda.choices.a: unknown key `image`; known here: env, title"
        ),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 7d}\n    options: {t: {choices: {a: {env: {HUB_X: b}}}}}",
            "profiles.yaml:17:46: profiles.standard.options.t.choices.a.env.HUB_X: the variable `HUB_X` is set by the hub"
        ),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 7d}\n    options: {t: {choices: {a: {env: {OMP_NUM_THREADS: b}}}}}",
            "profiles.yaml:17:18: profiles.standard.options.t: the profile's `env` sets the variable "
                + "`OMP_NUM_THREADS` already"),
        Self(
            "profiles.yaml", "gpu: 1", "gpu: {count: 1, any: [gpu]}",
            "profiles.yaml:7:55: sizes.large.gpu.any[0]: the name of a resource such as nvidia.com/gpu is wanted here"),
        Self(
            "profiles.yaml", "title: Lab,", "title: Lab, platforms: [amd64],",
            "profiles.yaml:3:33: environments.lab.platforms[0]: a platform such as linux/amd64 or linux/arm64 is wanted "
                + "here"),
        Self(
            "profiles.yaml", "title: Lab,", "title: Lab, uid: root,",
            "profiles.yaml:3:26: environments.lab.uid: unknown uid `root`; known here: image, person"),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 7d}\n    own-image: {}",
            "profiles.yaml:17:5: profiles.standard: `own-image` is not supported yet"),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 24856d}",
            "profiles.yaml:16:17: profiles.standard.life.max: no cluster lets a pod live for longer than 24855d, which are 68 "
                + "years"),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 7d, grace: 301s}",
            "profiles.yaml:16:28: profiles.standard.life.grace: a site with an agent gives a session at most 5m to end: write that, or "
                + "less"),
        Self(
            "profiles.yaml", "{max: 7d}", "{max: 7 days}",
            "profiles.yaml:16:17: profiles.standard.life.max: a span of time such as 30s, 15m, 12h or 7d is wanted here, "
                + "not `7 days`"),
    ]

    private static let long = String(repeating: "a", count: 64)

    private static func noValue(_ text: String) -> String {
        "no node can have `\(text)`: at most 63 letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends"
    }

    static let bindings: [Self] = [
        Self(
            "clusters/south.yaml", "home:", "hom:",
            "clusters/south.yaml:3:3: sources: unknown key `hom`; did you mean `home`?"),
        Self(
            "clusters/south.yaml", "pvc: home", "nfs: home",
            "clusters/south.yaml:3:15: sources.home.nfs: a mapping is wanted here, not `home`"),
        Self(
            "clusters/south.yaml", "pvc: home", "hostPath: /srv, pvc: home",
            "clusters/south.yaml:3:9: sources.home: a source has one of `pvc`, `claim`, `nfs`, `hostPath`, `csi`, `image`, "
                + "`s3`"),
        Self(
            "clusters/south.yaml", "pvc: home", "pvc: Home",
            "clusters/south.yaml:3:15: sources.home.pvc: `Home` cannot be the name of a PersistentVolumeClaim"),
        Self(
            "clusters/south.yaml", "path: dr3", "path: /dr3",
            "clusters/south.yaml:6:26: sources.dr3.path: the path `/dr3` must not begin with `/`"),
        Self(
            "clusters/south.yaml", "path: dr3", "path: \"{group}\"",
            "clusters/south.yaml:6:8: sources.dr3: `{group}` needs a fileset with `each`, and `dr3` has none"),
        Self(
            "clusters/south.yaml", "cluster: south", "cluster: north",
            "clusters/south.yaml:1:1: the cluster `north` has two bindings; the other is in an earlier file"),
        Self(
            "clusters/south.yaml", "large:", "huge:",
            "clusters/south.yaml:8:9: sizes: unknown key `huge`; known here: large, small"),
        Self(
            "clusters/south.yaml", "{nodeSelector:", "{tolerations: [{key: gpu}], nodeSelctor:",
            "clusters/south.yaml:8:44: sizes.large: unknown key `nodeSelctor`; did you mean `nodeSelector`?"),
        Self(
            "clusters/south.yaml", "{nodeSelector:", "{tolerations: [{value: a}], nodeSelector:",
            "clusters/south.yaml:8:31: sizes.large.tolerations[0]: without `key` it has to be `operator: Exists`"),
        Self(
            "clusters/south.yaml", "{nodeSelector:", "{tolerations: [{key: gpu, seconds: 5}], nodeSelector:",
            "clusters/south.yaml:8:31: sizes.large.tolerations[0]: `seconds` needs `effect: NoExecute`"),
        Self(
            "clusters/south.yaml", "{nodeSelector:", "{gpu: amd.com/gpu, nodeSelector:",
            "clusters/south.yaml:8:22: sizes.large.gpu: unknown GPU `amd.com/gpu`; did you mean `nvidia.com/gpu`?"),
        Self(
            "clusters/south.yaml", "{nodeSelector:", "{pullSecret: A_B, nodeSelector:",
            "clusters/south.yaml:8:29: sizes.large.pullSecret: `A_B` cannot be a name in a cluster"),
        Self(
            "clusters/south.yaml", "{nodeSelector:", "{pullSecret: a..b, nodeSelector:",
            "clusters/south.yaml:8:29: sizes.large.pullSecret: `a..b` cannot be a name in a cluster"),
        Self(
            "clusters/south.yaml", "accelerator: a100", "accelerator: NVIDIA A100",
            "clusters/south.yaml:8:45: sizes.large.nodeSelector.accelerator: \(noValue("NVIDIA A100"))"),
        Self(
            "clusters/south.yaml", "accelerator: a100", "accelerator: \(long)",
            "clusters/south.yaml:8:45: sizes.large.nodeSelector.accelerator: \(noValue(long))"),
        Self(
            "clusters/south.yaml", "accelerator: a100", "lab_x/accelerator: a100",
            "clusters/south.yaml:8:51: sizes.large.nodeSelector.lab_x/accelerator: `lab_x/accelerator` cannot be the name of "
                + "a label"),
        Self(
            "clusters/south.yaml", "{nodeSelector:", "{tolerations: [{key: gpu, value: a/b}], nodeSelector:",
            "clusters/south.yaml:8:49: sizes.large.tolerations[0].value: \(noValue("a/b"))"),
        Self(
            "clusters/south.yaml", "{pvc: home, path: \"{user}\"}",
            "{claim: {size: 1Gi, modes: [ReadWriteMany, ReadWriteOncePod]}}",
            "clusters/south.yaml:3:36: sources.home.claim.modes: `ReadWriteOncePod` has no other mode beside it: take it away "
                + "if several pods may mount the claim at a time"),
    ]
}
