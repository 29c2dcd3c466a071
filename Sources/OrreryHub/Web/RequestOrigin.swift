import HTTPTypes
import Hummingbird
import Logging
import OrreryCrypto

/// Which request a task works for, and where that came from, for whoever writes down what was done. Work of the hub's own
/// has none.
struct RequestOrigin: Sendable {
    /// As in `X-Request-Id`, in the log and on error pages.
    let id: String
    let way: RequestWay

    @TaskLocal static var current: RequestOrigin?
}

/// Gives every request its id, the one that a proxy in front gave it or a new one, and says where it comes from.
struct RequestOrigins: RouterMiddleware {
    typealias Context = HubContext

    /// Machines in front of our proxy that are believed.
    let forwarders: [InternetNetwork]

    @concurrent func handle(
        _ request: Request, context: HubContext, next: @concurrent (Request, HubContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let given = Self.id(in: request.headers[.requestID]) { context.requestID = given }
        context.way.forwarded = ForwardedFor(request.headers[.forwardedFor])
        context.way.forwarders = forwarders
        let origin = RequestOrigin(id: context.requestID, way: context.way)
        return try await RequestOrigin.$current.withValue(origin) { try await next(request, context) }
    }

    /// An id is taken over when it can do no harm in a log or on a page and is long enough to be one.
    static func id(in field: String?) -> String? {
        guard let field, (8...64).contains(field.utf8.count),
            field.utf8.allSatisfy({ $0.isLetterOrDigit || "-_.".utf8.contains($0) })
        else { return nil }
        return field
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
