import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import OrreryModel

/// What the gate itself answers: a Status as an API server writes it, whose `details.causes` say who refused.
struct GateStatus: Hashable {
    let code: Int
    let reason: String
    let message: String
    let cause: String
    /// Nobody at the cluster has answered.
    var isSilence = false

    init(_ refusal: GateRefusal) {
        code = refusal.status
        reason = refusal.status == 413 ? "RequestEntityTooLarge" : "Forbidden"
        message = refusal.sentence
        cause = refusal.cause.rawValue
    }

    /// The cluster's own API gives no answer: worth another try.
    init(unavailable message: String) {
        code = 503
        reason = "ServiceUnavailable"
        self.message = message
        cause = "Gate"
        isSilence = true
    }

    /// There is such a pod, but it is none of this hub's: for the hub there is none.
    init(noPod name: String) {
        code = 404
        reason = "NotFound"
        message = "pods \"\(name)\" not found"
        cause = "Gate"
    }

    var json: JSON {
        [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
            "reason": .string(reason), "code": .integer(Int64(code)),
            "details": ["causes": [["reason": .string(cause), "message": .string(message)]]],
        ]
    }

    func response() throws -> Response {
        let bytes = try JSONEncoder().encode(json)
        var headers: HTTPFields = [.contentType: "application/json"]
        if isSilence, let name = HTTPField.Name("Orrery-Tunnel") { headers[name] = "silent" }
        return Response(
            status: HTTPResponse.Status(code: code), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
