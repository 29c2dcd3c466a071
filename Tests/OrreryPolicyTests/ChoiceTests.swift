import Foundation
import OrreryModel
import OrreryPolicy
import Testing

/// What a person chooses in a profile, and what a cluster makes of it.
struct ChoiceTests {
    private let ada = Person.named(in: ["developers"], gids: ["developers": 5001])

    private static let options = """
        {max: 7d, idle: 4h, warn: 30m}
            limit: {perUser: 2, total: 800, perCluster: 400}
            clusters:
              match: {purpose: interactive}
              prefer: [{fileset: home}, {label: {site: usdf}}, data, headroom]
            options:
              cuda: {title: CUDA, choices: {"12": {env: {CUDA: "12"}}, "13": {title: New, env: {CUDA: "13", N: "{cpu}"}}}}
              shell: {choices: {bash: {}, zsh: {env: {SHELL: /bin/zsh}}}}
        """

    private func policy(_ change: (PolicyDirectory) -> PolicyDirectory = { $0 }) throws -> Policy {
        try change(PolicyDirectory().replacing("{max: 7d}", in: "profiles.yaml", with: Self.options)).load()
    }

    private func plan(_ policy: Policy, size: String = "large", _ options: [String: String] = [:]) -> PlanResult {
        policy.plan(for: ada, profile: "standard", size: size, options: options, cluster: "north", at: .before)
    }

    private func made(_ result: PlanResult) throws -> Plan {
        guard case .plan(let plan) = result else {
            Issue.record("refused: \(result)")
            throw CancellationError()
        }
        return plan
    }

    private func reasons(_ result: PlanResult) -> [String] {
        guard case .refused(let refusals) = result else { return [] }
        return refusals.map(\.description)
    }

    @Test func everyFieldOfAProfileIsRead() throws {
        let profile = try #require(try policy().profile(named: "standard"))
        #expect(
            profile.life
                == Plan.Life(max: .seconds(604_800), grace: .seconds(30), idle: .seconds(14_400), warn: .seconds(1800)))
        #expect(profile.limit == Profile.Limit(perUser: 2, total: 800, perCluster: 400))
        #expect(
            profile.clusters
                == Profile.Clusters(
                    match: ["purpose": "interactive"],
                    prefer: [.fileset("home"), .label(["site": "usdf"]), .data, .headroom]))
        #expect(profile.options.map(\.title) == ["CUDA", "shell"])
        #expect(profile.options.first?.choices.map(\.title) == ["12", "New"])
    }

    @Test func anOptionThatNobodyNamedIsItsFirstChoice() throws {
        let plan = try made(plan(policy()))
        #expect(plan.options == ["cuda": "12", "shell": "bash"])
        #expect(plan.variables == ["OMP_NUM_THREADS": "8", "CUDA": "12"])
    }

    @Test func aChoiceSetsItsVariables() throws {
        let plan = try made(plan(policy(), ["cuda": "13", "shell": "zsh"]))
        #expect(plan.options == ["cuda": "13", "shell": "zsh"])
        #expect(plan.variables == ["OMP_NUM_THREADS": "8", "CUDA": "13", "N": "8", "SHELL": "/bin/zsh"])
    }

    @Test(
        arguments: [
            (["cudda": "12"], "option cudda: there is no such option to choose; did you mean cuda?"),
            (["cuda": "1"], "cuda 1: the option cuda has no such choice; did you mean 12?"),
            (["cuda": "e\u{301}"], "cuda e\u{301}: the option cuda has no such choice"),
        ] as [([String: String], String)])
    func anUnknownChoiceIsNamed(_ options: [String: String], sentence: String) throws {
        #expect(try reasons(plan(policy(), options)) == [sentence])
    }

    @Test func aProfileWithoutOptionsTakesNone() throws {
        let result = try policy().plan(
            for: ada, profile: "bench", options: ["cuda": "12"], cluster: "north", at: .before)
        #expect(reasons(result) == ["option cuda: there is no such option to choose"])
    }

    @Test func whatWasChosenEarlierIsKeptAsFarAsItIsOffered() throws {
        let policy = try policy()
        let saved = SessionChoice(
            profile: "standard", environment: "bare", size: "large", options: ["cuda": "13"], cluster: "north")
        let kept = policy.refresh(saved, for: ada)
        #expect(kept.stale == [])
        #expect(
            kept.choice
                == SessionChoice(profile: "standard", environment: "bare", size: "large", options: ["cuda": "13"]))

        let grace = Person.named("grace", in: ["science"])
        var gone = saved
        (gone.environment, gone.options) = ("old", ["cuda": "11", "mpi": "on"])
        let rest = policy.refresh(gone, for: grace)
        #expect(rest.choice == SessionChoice(profile: "standard"))
        #expect(rest.stale == ["the environment old", "the size large", "cuda 11", "mpi on"])
        #expect(policy.refresh(SessionChoice(profile: "bench"), for: grace).stale == ["the profile bench"])
        #expect(policy.refresh(SessionChoice(profile: "never"), for: ada).stale == ["the profile never"])
        #expect(policy.refresh(SessionChoice(), for: ada).stale == [])
    }

    @Test func aClustersBindingSaysWhatItsNodesWant() throws {
        let terms = """
            {gpu: nvidia.com/mig-3g.40gb, priorityClass: interactive, runtimeClass: nvidia, pullSecret: registry,
                tolerations: [{key: gpu, operator: Exists, effect: NoSchedule}, {key: kind, value: lab}], nodeSelector:
            """
        let policy = try policy {
            $0.replacing(
                "gpu: 1", in: "profiles.yaml", with: "gpu: {count: 2, any: [nvidia.com/gpu, nvidia.com/mig-3g.40gb]}"
            )
            .replacing("{nodeSelector:", in: "clusters/north.yaml", with: terms)
        }
        let plan = try made(plan(policy))
        #expect(plan.size.gpu == 2 && plan.size.gpuResource == "nvidia.com/mig-3g.40gb")
        #expect(
            plan.nodes
                == Plan.Nodes(
                    tolerations: [
                        Plan.Toleration(key: "gpu", operator: "Exists", effect: "NoSchedule"),
                        Plan.Toleration(key: "kind", operator: "Equal", value: "lab"),
                    ], priorityClass: "interactive", runtimeClass: "nvidia", pullSecret: "registry"))
        let south = policy.plan(for: ada, profile: "standard", size: "large", cluster: "south", at: .before)
        #expect(try made(south).size.gpuResource == "nvidia.com/gpu")
        #expect(try made(south).nodes == nil)
    }

    @Test(arguments: [
        ("[linux/amd64]", ["accelerator": "a100", "kubernetes.io/arch": "amd64"]),
        ("[linux/arm64/v8, linux/arm64]", ["accelerator": "a100", "kubernetes.io/arch": "arm64"]),
        ("[linux/amd64, linux/arm64]", ["accelerator": "a100"]),
    ])
    func anImageForOneArchitectureRunsOnlyThere(platforms: String, selector: [String: String]) throws {
        let policy = try policy {
            $0.replacing("title: Lab,", in: "profiles.yaml", with: "title: Lab, platforms: \(platforms),")
        }
        #expect(try made(plan(policy)).nodeSelector == selector)
    }

    @Test func theImagesOwnUserNeedsMountsAsWalls() throws {
        let image = { (directory: PolicyDirectory) in
            directory.replacing("title: Lab,", in: "profiles.yaml", with: "title: Lab, uid: image,")
        }
        #expect(try made(plan(policy(image))).identity.user == .image)
        let walled = try policy {
            image($0).replacing("pvc: home, ", in: "clusters/north.yaml", with: "pvc: home, wall: mount+posix, ")
                .replacing("pvc: scratch, ", in: "clusters/north.yaml", with: "pvc: scratch, wall: mount+posix, ")
        }
        #expect(
            reasons(plan(walled)) == [
                "environment lab: its processes are the image's own user, and on north the owners of files keep people "
                    + "apart in home and scratch; choose an environment whose processes are yours"
            ])
        let bare = walled.plan(for: ada, profile: "standard", environment: "bare", cluster: "north", at: .before)
        #expect(try made(bare).identity.user == nil)
    }
}
