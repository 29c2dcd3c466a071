import Foundation
import OrreryModel

@testable import OrreryStore

/// A database in a directory of its own, both gone when the test is over.
final class TestDatabase: Sendable {
    let path: String
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "orrery-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        path = directory.appending(path: "orrery.sqlite").path
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func open() throws -> Database { try Database(path: path) }
}

/// Records as tests need them; every value that a test does not speak of is unimportant to it.
enum Sample {
    static let now = Date(timeIntervalSince1970: 1_795_264_313.25)

    static func person(
        _ name: String, issuer: String = "https://issuer.test", subject: String? = nil, uid: UInt32? = nil,
        groups: Set<Group> = []
    ) -> Person {
        Person(
            identity: Identity(issuer: issuer, subject: subject ?? "subject of \(name)"), name: name, uid: uid,
            gid: uid, groups: groups)
    }

    static func hash(_ seed: UInt8) -> [UInt8] { [UInt8](repeating: seed, count: 32) }

    static let plan = Plan(
        person: "ada", cluster: "north", profile: "standard",
        environment: Plan.Environment(
            name: "lab", title: "JupyterLab", image: "registry.test/lab@sha256:00", command: ["jupyterhub-singleuser"],
            port: 8888),
        size: Plan.Size(
            name: "small", cpuRequest: "500m", cpuLimit: "2", memoryRequest: "1Gi", memoryLimit: "4Gi", gpu: 0),
        identity: Plan.PodIdentity(
            uid: 20001, gid: 20001, supplementalGroups: [5001], groupNames: ["project:photoz": 5001]),
        mounts: [
            Plan.Mount(fileset: "home", path: "/home/ada", isReadOnly: false, source: .claim("homes"), subPath: "ada"),
            Plan.Mount(
                fileset: "public", path: "/datasets/public", isReadOnly: true, source: .hostPath("/data"), subPath: nil),
        ],
        refusals: [Refusal("fileset scratch", because: "only developers have it", remedy: nil)], home: "/home/ada",
        variables: ["OMP_NUM_THREADS": "2"], life: Plan.Life(max: .seconds(604_800), grace: .seconds(30)),
        nodeSelector: ["kind": "cpu"])

    static func session(
        of person: PersonRecord, server: String = "", prefix: String? = nil, cluster: String = "north",
        at instant: Date = now
    ) -> SessionRecord {
        let id = RecordID.fresh(at: instant)
        let own = server.isEmpty ? "/user/\(person.person.name)/" : "/user/\(person.person.name)/\(server)/"
        return SessionRecord(
            id: id, person: person.id, personName: person.person.name, server: server, profile: "standard",
            environment: "lab", size: "small", cluster: cluster, plan: plan, planHash: "hash of the plan",
            spawn: RecordID.fresh(at: now), namespace: "hub", pod: "nb-\(id)", prefix: prefix ?? own, createdAt: now)
    }

    static func token(
        _ seed: UInt8, person: Int64, session: String? = nil, sid: String? = nil, code: [UInt8]? = nil,
        parent: String? = nil, expires: Date? = nil
    ) -> TokenRecord {
        TokenRecord(
            id: RecordID.fresh(at: now), hash: hash(seed), person: person, kind: session == nil ? .oauth : .server,
            session: session, sid: sid, code: code, parent: parent, scopes: ["access:servers!server=ada/"],
            note: "a test",
            createdAt: now,
            expiresAt: expires)
    }
}
