import Foundation
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import Testing

@testable import OrreryAgent

/// Where the doctor looks for rights.
struct DoctorRightsTests {
    private static func doctor(_ policy: String) throws -> Doctor {
        let file = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        try policy.write(toFile: file, atomically: true, encoding: .utf8)
        let access = ClusterAccess(
            name: "south", server: "http://127.0.0.1:9", token: Secret("none"), namespace: "orrery")
        return Doctor(
            client: KubernetesClient(access, transport: Fetcher()), own: "orrery-agent",
            policy: SitePolicyKeeper(file: file, logger: PocketRig.quiet), image: nil)
    }

    @Test(arguments: [("site: South", ["orrery"]), ("namespaces: [lab, desk]", ["lab", "desk"])])
    func everyNamespaceOfTheSiteIsLookedAt(_ policy: String, _ places: [String]) throws {
        let doctor = try Self.doctor(policy)
        let own = ["orrery-agent", "kube-system"]
        #expect(Set(doctor.needed.map(\.namespace)) == Set(places + own))
        for place in places {
            #expect(doctor.needed.contains { $0.text == "create pods in \(place)" })
            for harm in ["list secrets in", "delete namespaces in", "patch rolebindings in"] {
                #expect(doctor.harmful.contains { $0.text == "\(harm) \(place)" })
            }
        }
        #expect(doctor.needed.count == Set(doctor.needed).count)
    }
}
