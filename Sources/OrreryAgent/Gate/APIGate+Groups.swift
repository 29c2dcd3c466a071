import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OrreryKubernetes
import OrreryModel

extension APIGate {
    /// The answer to a pod that was made where the site bounds groups. A server drops what keeps an image's own groups out when it
    /// does not have it (`supplementalGroupsPolicy`, on from Kubernetes 1.33), and a webhook may: such a pod is removed again.
    func heldAgainstGroups(_ answer: StreamedAnswer, _ call: GateCall) async throws -> Response {
        let body = try await answer.collect(upTo: 4 << 20)
        let pod = try JSONDecoder().decode(JSON.self, from: Data(body))
        guard pod["spec"]?["securityContext"]?["supplementalGroupsPolicy"] != "Strict" else {
            return Response(
                status: HTTPResponse.Status(code: answer.status), headers: GateHeaders.answer(answer.headers),
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
        }
        let name = pod["metadata"]?["name"]?.string ?? ""
        let obstacle = await removal.remove(
            PodRemoval.Pod(namespace: call.namespace, name: name, uid: pod["metadata"]?["uid"]?.string))
        note(call, name, obstacle == nil ? "removed" : "not removed", obstacle.map { ["reason": "\($0)"] } ?? [:])
        let rest =
            obstacle.map { "The pod is there still (\($0)), and is removed as soon as the cluster does it." }
            ?? "The pod was removed."
        throw GateRefusal(
            "\(policy.current.subject) bounds the groups of sessions, and its cluster does not keep those of an image out "
                + "(`supplementalGroupsPolicy: Strict` did not stay; Kubernetes has it from 1.33 on). \(rest)",
            cause: .policy)
    }
}
