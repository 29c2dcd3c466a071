import HTTPTypes
import Hummingbird
import Logging
import OrreryModel
import OrreryStore

/// Turns whatever a handler throws into one clear sentence: a page for people, `{"status": …, "message": …}` for
/// programs, and a line in the log that carries the same request id.
struct ErrorAnswers: RouterMiddleware {
    typealias Context = HubContext

    let gate: Gate

    @concurrent func handle(
        _ request: Request, context: HubContext, next: @concurrent (Request, HubContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let error = HubError(any: error)
            log(error, request, context)
            var response = isForProgram(request) ? try json(error) : await page(error, request, context)
            if error.kind == .unavailable { response.headers[.retryAfter] = "5" }
            for (name, value) in error.headers { response.headers[.named(name)] = value }
            return response
        }
    }

    private func isForProgram(_ request: Request) -> Bool {
        request.uri.path.hasPrefix("/hub/api") && !request.uri.path.hasPrefix("/hub/api/oauth2/authorize")
            || !request.wantsPage
    }

    private func json(_ error: HubError) throws -> Response {
        let status = error.kind.rawValue
        return try Response.json(
            ["status": .integer(Int64(status)), "message": .string("\(error)")], status: .init(code: status))
    }

    private func page(_ error: HubError, _ request: Request, _ context: HubContext) async -> Response {
        // The store may be what failed: without it the page has no name on it.
        let visitor = try? await gate.visitor(request)
        let frame = visitor.map { Frame($0) } ?? Frame()
        let html =
            error.kind == .forbidden
            ? ForbiddenPage(
                frame: frame, sentence: error.message, next: error.next, requestID: context.requestID
            ).html()
            : ErrorPage(
                frame: frame, status: error.kind.rawValue, sentence: error.message, next: error.next,
                requestID: context.requestID
            ).html()
        return .page(html, status: .init(code: error.kind.rawValue))
    }

    private func log(_ error: HubError, _ request: Request, _ context: HubContext) {
        var facts: Logger.Metadata = [
            "status": "\(error.kind.rawValue)", "method": "\(request.method.rawValue)", "path": "\(request.uri.path)",
            "error": "\(error.message)",
        ]
        if let detail = error.detail { facts["detail"] = "\(detail)" }
        context.logger.log(level: error.kind.logLevel, "request refused", metadata: facts)
    }
}

extension HubError.Kind {
    /// How much an operator wants to know of it.
    fileprivate var logLevel: Logger.Level {
        switch self {
        // JupyterLab asks for a stopped server every few seconds.
        case .stopped: .debug
        case .badRequest, .notFound, .wrongMethod, .tooLarge, .unprocessable: .info
        case .unauthorized, .forbidden, .conflict, .tooMany: .notice
        case .broken, .unavailable, .cannotStart: .error
        }
    }
}
