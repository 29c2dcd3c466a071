import Foundation
import OrreryModel
import OrreryPolicy
import Testing

struct PlanTests {
    private let policy: Policy
    private let ada = Person.named(
        in: ["developers", "project:photoz"], gids: ["developers": 5001, "project:photoz": 5101])
    private let grace = Person.named("grace", in: ["science"], uid: 20002, gid: 20002)

    init() throws { policy = try PolicyDirectory().load() }

    private func refusals(_ result: PlanResult) -> [String] {
        guard case .refused(let refusals) = result else { return [] }
        return refusals.map(\.description)
    }

    private func plan(_ result: PlanResult) throws -> Plan {
        guard case .plan(let plan) = result else {
            Issue.record("refused: \(refusals(result))")
            throw CancellationError()
        }
        return plan
    }

    @Test func aPlanIsEverythingThePodWillBe() throws {
        let plan = try plan(
            policy.plan(
                for: ada, profile: "standard", environment: "lab", size: "large", cluster: "north", at: .before))
        #expect(plan.person == "ada" && plan.cluster == "north" && plan.profile == "standard")
        #expect(
            plan.environment
                == Plan.Environment(
                    name: "lab", title: "Lab", image: "registry.example/lab/notebook@\(PolicyDirectory.digest)",
                    command: ["jupyterhub-singleuser"], port: 8888))
        #expect(
            plan.size
                == Plan.Size(
                    name: "large", cpuRequest: "8", cpuLimit: "8", memoryRequest: "64Gi", memoryLimit: "64Gi", gpu: 1,
                    gpuResource: "nvidia.com/gpu"))
        #expect(
            plan.identity
                == Plan.PodIdentity(
                    uid: 20001, gid: 20001, supplementalGroups: [5001, 5101],
                    groupNames: ["developers": 5001, "project:photoz": 5101]))
        #expect(plan.mounts.map(\.path) == ["/home/ada", "/project/photoz", "/project/shared", "/scratch/ada"])
        #expect(plan.refusals.map(\.what) == ["fileset dr3", "fileset software"])
        #expect(plan.home == "/home/ada")
        #expect(plan.variables == ["OMP_NUM_THREADS": "8"])
        #expect(plan.life == Plan.Life(max: .seconds(604_800), grace: .seconds(30)))
        #expect(plan.nodeSelector == ["accelerator": "a100"])
        #expect(plan.groups == ["developers", "project:photoz"])
    }

    @Test func whatIsNotChosenIsTheDefault() throws {
        let plan = try plan(policy.plan(for: grace, profile: "standard", cluster: "north", at: .before))
        #expect(plan.environment.name == "lab" && plan.size.name == "small")
        #expect(plan.variables == ["OMP_NUM_THREADS": "2"])
        #expect(plan.nodeSelector.isEmpty)
        #expect(plan.identity.supplementalGroups == [])
    }

    @Test(
        arguments: [
            (
                "standrad", nil, nil, "north",
                ["profile standrad: there is no such profile to choose; did you mean standard?"]
            ),
            (
                "standard", "lap", nil, "north",
                ["environment lap: there is no such environment to choose; did you mean lab?"]
            ),
            ("standard", nil, "smal", "north", ["size smal: there is no such size to choose; did you mean small?"]),
            (
                "standard", nil, "large", "north",
                ["size large: only developers have it; ask an owner of the group developers"]
            ),
            ("standard", nil, nil, "west", ["cluster west: there is no such cluster to choose"]),
            (
                "bench", nil, nil, "south",
                [
                    "profile bench: only developers have it; ask an owner of the group developers",
                    "fileset scratch: only developers have it; ask an owner of the group developers",
                ]
            ),
        ] as [(String, String?, String?, String, [String])])
    func everyReasonIsTold(
        profile: String, environment: String?, size: String?, cluster: String, expected: [String]
    ) {
        let result = policy.plan(
            for: grace, profile: profile, environment: environment, size: size, cluster: cluster, at: .before)
        #expect(refusals(result) == expected)
    }

    @Test func whatAProfileRequiresMustBeThere() {
        #expect(
            refusals(policy.plan(for: ada, profile: "bench", cluster: "south", at: .before))
                == ["fileset scratch: it is not on south; start on north, where it is"])
    }

    @Test func nobodyHasMoreSessionsOfAProfileThanItAllows() {
        #expect(refusals(policy.plan(for: ada, profile: "bench", cluster: "north", at: .before, running: 0)).isEmpty)
        #expect(
            refusals(policy.plan(for: ada, profile: "bench", cluster: "north", at: .before, running: 1))
                == ["profile bench: you have 1 of it running and may have 1; stop one first"])
    }

    @Test func profilesAreOfferedWithTheirChoices() throws {
        let offers = policy.profiles(for: grace)
        #expect(offers.map(\.profile.name) == ["standard", "bench"])
        let standard = try #require(offers.first)
        #expect(standard.isAllowed && standard.environments.map(\.name) == ["lab", "bare"])
        #expect(standard.sizes.map(\.name) == ["small"])
        #expect(
            standard.refusedSizes.map(\.description)
                == ["size large: only developers have it; ask an owner of the group developers"])
        #expect(
            offers.last?.refusal?.description
                == "profile bench: only developers have it; ask an owner of the group developers")
        #expect(policy.profiles(for: ada).filter(\.isAllowed).count == 2)
        #expect(policy.defaultProfile?.name == "standard")
    }

    @Test func aProfileWithoutASizeForThePersonIsRefused() throws {
        let policy = try PolicyDirectory().replacing("small: [everyone], ", in: "profiles.yaml", with: "").load()
        #expect(
            policy.profiles(for: grace).first?.refusal?.description
                == "profile standard: none of its sizes is for you; ask an owner of the group developers")
    }

    @Test func mountsOfOneSourceShareAVolume() throws {
        let plan = try plan(policy.plan(for: ada, profile: "standard", cluster: "north", at: .after))
        #expect(
            plan.volumes.map { "\($0.source) \($0.isReadOnly)" } == [
                "\(Plan.Source.claim("data")) true", "\(Plan.Source.claim("home")) false",
                "\(Plan.Source.claim("project")) false", "\(Plan.Source.claim("scratch")) false",
            ])
    }

    @Test func theCanonicalFormIsStableAndSorted() throws {
        let plan = try plan(policy.plan(for: ada, profile: "standard", cluster: "north", at: .before))
        let text = String(decoding: plan.canonicalJSON(), as: UTF8.self)
        #expect(
            text.hasPrefix(
                #"{"cluster":"north","environment":{"command":["jupyterhub-singleuser"],"image":"registry.example/lab/"#
            ))
        #expect(try JSONDecoder().decode(Plan.self, from: Data(text.utf8)) == plan)
    }
}
