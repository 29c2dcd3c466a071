import OrreryKubernetes
import OrreryModel
import Testing

@testable import OrrerySpawn

/// What the binding of a size and the user of an environment become in the pod.
@Suite struct NodeTermsTests {
    private func pod(_ plan: Plan) -> Pod {
        PodBuilder(
            session: Sample.session(plan), variables: BuilderTests.contract,
            settings: SpawnSettings()
        ).pod()
    }

    @Test func theBindingsTermsAreInThePod() throws {
        let plan = Sample.plan(
            gpu: 2, mounts: [], gpuResource: "nvidia.com/mig-3g.40gb",
            nodes: Plan.Nodes(
                tolerations: [
                    Plan.Toleration(key: "gpu", operator: "Exists", effect: "NoSchedule"),
                    Plan.Toleration(
                        key: "spot", operator: "Equal", value: "yes", effect: "NoExecute", tolerationSeconds: 60),
                ], priorityClass: "interactive", runtimeClass: "nvidia", pullSecret: "registry"))
        try Golden.check(pod(plan), "nodes")
    }

    @Test func anImagesOwnUserIsLeftToTheImageAndIsNotRoot() throws {
        try Golden.check(pod(Sample.plan(user: .image)), "image-user")
    }
}
