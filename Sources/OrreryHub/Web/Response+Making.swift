import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OrreryModel

extension Response {
    /// A JSON answer with its members in alphabetical order.
    static func json(_ value: JSON, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
    }

    /// A page from which the browser goes on to `url` by itself. Browsers follow no redirect to another site that answers a form
    /// of ours, as our pages say that forms lead nowhere else (`form-action`).
    static func page(_ html: String, goingOnTo url: String) -> Response {
        var response = page(html)
        response.headers[.named("Refresh")] = "0; url=\(url)"
        return response
    }

    /// Sends the browser on with GET. `path` is one of ours or was checked as one; it never comes from a request as it is.
    static func redirect(to path: String) -> Response {
        // 303 only where it matters: clients of the contract know 302 alone, and every browser reads it as "go there with GET".
        Response(status: .found, headers: [.location: path])
    }

    static func page(_ html: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    func setting(cookies: [String]) -> Response {
        var response = self
        response.headers[values: .setCookie] += cookies
        return response
    }
}
