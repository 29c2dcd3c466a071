import FoundationEssentials
import OrreryModel
import OrreryStore

enum Sample {
    static let image = "registry.example/lab/jupyterlab@sha256:" + String(repeating: "4f1c", count: 16)
    static let noon = Date(timeIntervalSince1970: 1_790_000_000)

    static func plan(
        cluster: String = "north", image: String = Sample.image, command: [String] = ["jupyterhub-singleuser"],
        gpu: Int = 0, mounts: [Plan.Mount] = Sample.mounts, variables: [String: String] = [:],
        nodeSelector: [String: String] = [:], gpuResource: String? = nil, nodes: Plan.Nodes? = nil,
        user: Plan.PodIdentity.User? = nil, volumeGroup: UInt32? = nil, life: Plan.Life = Sample.life,
        groups: [String]? = nil
    ) -> Plan {
        Plan(
            person: "ada", cluster: cluster, profile: "standard",
            environment: Plan.Environment(
                name: "weekly", title: "Weekly", image: image, command: command, port: 8888),
            size: Plan.Size(
                name: "small", cpuRequest: "500m", cpuLimit: "2", memoryRequest: "1Gi", memoryLimit: "2Gi", gpu: gpu,
                gpuResource: gpuResource),
            identity: Plan.PodIdentity(
                uid: 20_001, gid: 20_001, supplementalGroups: [3001, 3002],
                groupNames: ["developers": 3001, "project:photoz": 3002], user: user, volumeGroup: volumeGroup),
            mounts: mounts, refusals: [], home: "/home/ada", variables: variables,
            life: life, nodeSelector: nodeSelector, nodes: nodes, groups: groups)
    }

    static let life = Plan.Life(max: .seconds(7 * 86_400), grace: .seconds(30))

    /// A home, two mounts of one claim, and a claim that is read-only everywhere.
    static let mounts = [
        Plan.Mount(
            fileset: "jhome", path: "/home/ada", isReadOnly: false, source: .claim("home"), subPath: "ada"),
        Plan.Mount(
            fileset: "project-shared", path: "/project/shared", isReadOnly: true, source: .claim("project"),
            subPath: "shared"),
        Plan.Mount(
            fileset: "project", path: "/project/photoz", isReadOnly: false, source: .claim("project"),
            subPath: "g/photoz"),
        Plan.Mount(
            fileset: "datasets-public", path: "/datasets/public", isReadOnly: true, source: .claim("datasets"),
            subPath: nil),
        Plan.Mount(
            fileset: "cvmfs", path: "/cvmfs", isReadOnly: true, source: .hostPath("/srv/cvmfs"), subPath: nil),
    ]

    static func session(
        _ plan: Plan = Sample.plan(), state: SessionState = .queued, podUID: String? = nil, address: String? = nil,
        message: String = "", readyAt: Date? = nil
    ) -> SessionRecord {
        SessionRecord(
            id: "01k0000000session00000000a", person: 1, personName: "ada", server: "", profile: plan.profile,
            environment: plan.environment.name, size: plan.size.name, cluster: plan.cluster, plan: plan,
            planHash: "hash-of-the-plan", spawn: "01k0000000spawn0000000000a", namespace: "hub",
            pod: "nb-ada-01k0000000session00000000a", podUID: podUID, address: address, prefix: "/user/ada/",
            state: state, message: message, createdAt: noon, readyAt: readyAt)
    }

    static let person = Person(
        identity: Identity(issuer: "https://idp.example", subject: "1"), name: "ada", uid: 20_001, gid: 20_001,
        groups: [])
}
