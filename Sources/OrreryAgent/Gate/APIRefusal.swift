import HTTPTypes
import Hummingbird
import NIOCore
import OrreryKubernetes

/// The cluster's no to something that the gate asks for itself before it passes a call on. It has answered, and the hub gets
/// that answer: what is forbidden, or how long to wait, is the same for both.
struct APIRefusal: Error {
    /// What the gate wanted to know, for the site's log.
    let question: String
    let status: Int
    let response: Response

    init(_ question: String, _ answer: StreamedAnswer, _ body: [UInt8]) {
        self.question = question
        status = answer.status
        response = Response(
            status: HTTPResponse.Status(code: answer.status), headers: GateHeaders.answer(answer.headers),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
