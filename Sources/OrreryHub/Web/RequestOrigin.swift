import HTTPTypes
import Hummingbird
import Logging
import OrreryCrypto

/// Which request a task works for, and where that came from, for whoever writes down what was done. Work of the hub's own
/// has none.
struct RequestOrigin: Sendable {
    /// As in `X-Request-Id`, in the log and on error pages.
    let id: String
    /// `X-Forwarded-For` as it came, where the last address is the one that our own proxy saw and those before it are what
    /// others said; without one the address of the connection.
    let address: String

    @TaskLocal static var current: RequestOrigin?
}

/// Gives every request its id: the one that a proxy in front gave it, or a new one.
struct RequestOrigins: RouterMiddleware {
    typealias Context = HubContext

    @concurrent func handle(
        _ request: Request, context: HubContext, next: @concurrent (Request, HubContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let given = Self.id(in: request.headers[.requestID]) { context.requestID = given }
        let address = Self.address(in: request.headers[.forwardedFor]) ?? context.peer
        let origin = RequestOrigin(id: context.requestID, address: address)
        return try await RequestOrigin.$current.withValue(origin) { try await next(request, context) }
    }

    /// An id is taken over when it can do no harm in a log or on a page and is long enough to be one.
    static func id(in field: String?) -> String? {
        guard let field, (8...64).contains(field.utf8.count),
            field.utf8.allSatisfy({ $0.isLetterOrDigit || "-_.".utf8.contains($0) })
        else { return nil }
        return field
    }

    /// The end of `field`, where the addresses stand that are nearest to us, and of it only what addresses consist of.
    static func address(in field: String?) -> String? {
        let bytes = (field ?? "").utf8.filter { $0.isLetterOrDigit || ".:,[] ".utf8.contains($0) }
        return bytes.isEmpty ? nil : String(decoding: bytes.suffix(128), as: UTF8.self)
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
