import FoundationEssentials
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Testing

@testable import OrrerySpawn

/// What we send to a cluster, compared whole. After a wanted change, ORRERY_WRITE_GOLDEN=1 writes the files anew.
@Suite struct BuilderTests {
    static let contract = [
        "JUPYTERHUB_API_URL": "http://127.0.0.1:8000/hub/api", "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-ada",
        "JUPYTERHUB_SERVICE_URL": "http://$(POD_IP):8888/user/ada/", "JUPYTERHUB_USER": "ada",
    ]

    private static func builder(_ plan: Plan, hasTokens: Bool = false) -> PodBuilder {
        PodBuilder(
            session: Sample.session(plan), variables: contract,
            settings: SpawnSettings(), hasTokens: hasTokens)
    }

    @Test(arguments: [
        (
            "standard",
            builder(
                Sample.plan(
                    variables: ["OMP_NUM_THREADS": "2", "PRICE": "5$ or $(HOME)"],
                    groups: ["developers", "project:photoz"]))
        ),
        (
            "gpu-on-chosen-nodes",
            builder(Sample.plan(gpu: 2, mounts: [], nodeSelector: ["accelerator": "a100"]))
        ),
    ])
    func thePodIsExactlyTheGoldenOne(_ name: String, _ builder: PodBuilder) throws {
        try Golden.check(builder.pod(), name)
    }

    @Test func theDirectoryOfTokensIsMountedWholeAndReadOnly() throws {
        try Golden.check(Self.builder(Sample.plan(mounts: []), hasTokens: true).pod(), "tokens")
        let secret = Self.builder(Sample.plan()).tokensSecret(["bt_u20001": Secret("bearer-1")])
        #expect(secret.texts["bt_u20001"]?.reveal() == "bearer-1")
        #expect(secret.metadata.name == "\(Sample.session().pod)-tokens")
    }

    @Test func theAccountsAreExactlyTheGoldenOnes() throws {
        try Golden.check(Self.builder(Sample.plan()).accounts(), "accounts")
    }

    @Test func aProfileCannotTakeTheTokenOrTheContractsVariables() throws {
        let plan = Sample.plan(variables: [
            "JUPYTERHUB_API_TOKEN": "mine", "POD_IP": "1.2.3.4", "JUPYTERHUB_USER": "root", "HOME": "/root",
        ])
        let variables = try #require(Self.builder(plan).pod().spec.containers.first?.env)
        let values = Dictionary(grouping: variables, by: \.name).mapValues { $0.map(\.value) }
        #expect(values["JUPYTERHUB_API_TOKEN"] == [nil])
        #expect(values["POD_IP"] == [nil])
        #expect(values["JUPYTERHUB_USER"] == ["ada"])
        #expect(values["HOME"] == ["/home/ada"])
        #expect(variables.first?.name == "POD_IP")
    }

    @Test("D14 no pod carries a right to its cluster, runs as root or may become it")
    func nothingOfTheCluster() throws {
        for plan in [Sample.plan(), Sample.plan(mounts: []), Sample.plan(user: .image)] {
            let pod = Self.builder(plan, hasTokens: true).pod()
            let text = String(decoding: try JSONEncoder().encode(pod), as: UTF8.self)
            #expect(pod.spec.automountServiceAccountToken == false)
            for word in ["serviceAccountName", "initContainers", "hostNetwork", "hostPID", "\"privileged\":true"] {
                #expect(!text.contains(word), "\(word)")
            }
            #expect(pod.spec.securityContext?.runAsNonRoot == true)
            let container = try #require(pod.spec.containers.first?.securityContext)
            #expect(container.allowPrivilegeEscalation == false)
            #expect(container.capabilities?.drop == ["ALL"] && container.capabilities?.add == nil)
        }
    }

    @Test func theTokenStandsInTheSecretAndNowhereElse() throws {
        let builder = Self.builder(Sample.plan())
        let secret = builder.tokenSecret(Secret("tok-123"))
        #expect(secret.texts["token"]?.reveal() == "tok-123")
        #expect(!"\(builder.pod())".contains("tok-123"))
        #expect(secret.metadata.labels == builder.pod().metadata.labels)
    }
}

enum Golden {
    static func check(_ value: some Encodable, _ name: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let made = try encoder.encode(value)
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).json")
        if ProcessInfo.processInfo.environment["ORRERY_WRITE_GOLDEN"] != nil {
            try (made + Data("\n".utf8)).write(to: file)
        }
        let wanted = try JSONDecoder().decode(JSON.self, from: Data(contentsOf: file))
        #expect(try JSONDecoder().decode(JSON.self, from: made) == wanted)
    }
}
