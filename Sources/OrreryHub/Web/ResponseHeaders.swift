import HTTPTypes
import Hummingbird

/// Headers that every answer carries: the request's id, the contract's version, and for pages what `PagePolicy` asks
/// for. Nothing that the hub says may be kept by a cache unless the handler said so.
struct ResponseHeaders: RouterMiddleware {
    typealias Context = HubContext

    @concurrent func handle(
        _ request: Request, context: HubContext, next: @concurrent (Request, HubContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.requestID] = context.requestID
        response.headers[.contractVersion] = RootRoutes.version
        // We speak no other protocol, and the parser reads nothing more behind a request that asked for one: a proxy that
        // used the connection again would wait for ever.
        if request.headers[.upgrade] != nil { response.headers[.connection] = "close" }
        for (name, value) in PagePolicy.headers where response.headers[.named(name)] == nil {
            response.headers[.named(name)] = value
        }
        return response
    }
}
