import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OrreryCrypto
import OrreryLink
import OrreryModel
import OrreryStore

/// Where proxies bring what agents say.
struct AgentRoutes: Sendable {
    let desk: AgentDesk
    let token: Secret

    func add(to router: Router<HubContext>) { router.post("api/v1/proxy/agents", use: hear) }

    /// One answer for each frame, in their order; a frame that cannot be answered keeps no other one waiting. While the
    /// store does not answer, none: the proxy asks again.
    @Sendable func hear(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let said = request.bearer, said.equalsInConstantTime(token.reveal()) else {
            throw HubError(.forbidden, "this address is for proxies, which have a token")
        }
        var answers: [JSON] = []
        let body = try await body(of: request)
        try await desk.learn(pins: body?["pins"]?.array?.compactMap(\.string) ?? [])
        for message in try AgentMessage.all(in: body, logger: context.logger) {
            answers.append(try await answer(message, context.logger).json(for: message.connection))
        }
        return try .json(["answers": .array(answers)])
    }

    private func answer(_ message: AgentMessage, _ logger: Logger) async throws -> AgentAnswer {
        do { return try await desk.answer(message) } catch let error as StoreError where error.doing != .caller {
            throw error
        } catch {
            logger.error(
                "what an agent said cannot be answered",
                metadata: ["key": "\(message.key.id)", "type": "\(message.frame.type)", "error": "\(error)"])
            guard message.frame.type.isExactly("hello") else { return .nothing }
            return .denied("the hub could not look at this; its log says why", retry: .seconds(60))
        }
    }

    /// Frames are up to 64 KiB each, and several may come at once.
    private func body(of request: Request) async throws -> JSON? {
        do {
            let body = try await request.body.collect(upTo: 4 << 20)
            return try JSONDecoder().decode(JSON.self, from: Data(body.readableBytesView))
        } catch is DecodingError {
            throw HubError(.badRequest, "the body is no JSON")
        } catch is NIOTooManyBytesError {
            throw HubError(.tooLarge, "the body is larger than 4 MiB")
        }
    }
}
