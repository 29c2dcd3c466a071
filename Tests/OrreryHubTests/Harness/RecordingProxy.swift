import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OrreryModel
import Synchronization

/// Stands where the proxy's REST interface is, and remembers what the hub asked of it.
final class RecordingProxy: Sendable {
    struct Held: Sendable {
        var routes: [String: JSON] = [:]
        var logouts: [JSON] = []
        /// How often the whole list was asked for.
        var lists = 0
        var refusesEverything = false
        /// What the gate was last given, and how often.
        var gate: JSON?
        var gateChanges = 0
    }

    let held = Mutex(Held())
    static let token = "the proxy's token"

    func run(onReady: @escaping @Sendable (Int) -> Void) async throws {
        let router = Router()
        router.get("api/routes") { request, _ in
            try self.answer(request) { held in
                held.lists += 1
                return .object(held.routes)
            }
        }
        router.get("api/routes/**") { request, _ in
            guard self.held.withLock({ $0.routes[Self.prefix(request)] }) != nil else {
                return Response(status: .notFound)
            }
            return try self.answer(request) { $0.routes[Self.prefix(request)] }
        }
        for path in ["api/routes", "api/routes/**"] as [RouterPath] {
            router.post(path) { request, _ in
                let body = try await Self.body(request)
                return try self.answer(request) { held in
                    held.routes[Self.prefix(request)] = body
                    return nil
                }
            }
        }
        router.delete("api/routes/**") { request, _ in
            try self.answer(request) { held in
                held.routes[Self.prefix(request)] = nil
                return nil
            }
        }
        router.post("api/logouts") { request, _ in
            let body = try await Self.body(request)
            return try self.answer(request) { held in
                held.logouts.append(body)
                return nil
            }
        }
        router.get("api/gate-keys") { request, _ in
            try self.answer(request) { held in
                let ids = (held.gate?["keys"]?.array ?? []).compactMap { $0["id"] }
                return ["ids": .array(ids), "login": held.gate?["login"] ?? .null]
            }
        }
        router.put("api/gate-keys") { request, _ in
            let body = try await Self.body(request)
            return try self.answer(request) { held in
                held.gate = body
                held.gateChanges += 1
                return nil
            }
        }
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { onReady($0.localAddress?.port ?? 0) },
            logger: Logger(label: "proxy") { _ in SwiftLogNoOpLogHandler() })
        try await application.run()
    }

    private func answer(_ request: Request, _ body: (inout Held) -> JSON?) throws -> Response {
        try held.withLock { held in
            guard request.headers[.authorization] == "token \(Self.token)", !held.refusesEverything else {
                return Response(status: .forbidden)
            }
            guard let answer = body(&held) else { return Response(status: .created) }
            return Response(
                status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(answer))))
        }
    }

    private static func body(_ request: Request) async throws -> JSON {
        let buffer = try await request.body.collect(upTo: 1 << 20)
        return try JSONDecoder().decode(JSON.self, from: Data(buffer.readableBytesView))
    }

    // configurable-http-proxy keeps prefixes without their last slash.
    private static func prefix(_ request: Request) -> String {
        let path = String(request.uri.path.dropFirst("/api/routes".count))
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path.isEmpty ? "/" : path
    }
}
