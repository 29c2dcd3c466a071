internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import OrreryModel

/// An answer with the headers that a real server puts on every one.
enum Answer {
    static func json(_ json: JSON, status: HTTPResponse.Status = .ok, warnings: [String] = []) -> Response {
        var bytes: [UInt8] = []
        json.write(into: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        var headers = common("application/json")
        for warning in warnings {
            headers.append(HTTPField(name: .warning, value: "299 - \(JSON.string(warning).text)"))
        }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func status(_ status: Status) -> Response {
        var response = json(status.json, status: HTTPResponse.Status(code: status.code))
        if let seconds = status.retryAfter { response.headers[.retryAfter] = "\(seconds)" }
        if status.closes { response.headers[.connection] = "close" }
        if status.isAccessRule { response.headers[.noSniff] = "nosniff" }
        return response
    }

    static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        var headers = common("text/plain; charset=utf-8")
        headers[.noSniff] = "nosniff"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func noSuchPath() -> Response { text("404 page not found\n", status: .notFound) }

    /// Too much at once; not a Status, as a real server's priority and fairness has it.
    static func tooMany() -> Response {
        var response = text("Too many requests, please try again later.\n", status: .tooManyRequests)
        response.headers[.retryAfter] = "1"
        return response
    }

    /// A body that is written piece by piece.
    static func stream(_ type: String, _ body: ResponseBody) -> Response {
        Response(status: .ok, headers: common(type), body: body)
    }

    private static func common(_ type: String) -> HTTPFields {
        var headers = HTTPFields()
        headers[.auditID] = UUID().uuidString.lowercased()
        headers[.cacheControl] = "no-cache, private"
        headers[.contentType] = type
        return headers
    }
}

extension HTTPField.Name {
    static let auditID = name("Audit-Id")
    static let noSniff = name("X-Content-Type-Options")
    static let warning = name("Warning")

    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is not the name of a header") }
        return name
    }
}
