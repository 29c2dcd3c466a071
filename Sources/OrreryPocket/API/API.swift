internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import OrreryModel
internal import Synchronization

/// The API half of pocket: answers requests from the object store as a real API server would.
///
/// Concurrency: requests are answered in parallel and share only the store and the count of watches.
struct API: HTTPResponder {
    let store: ObjectStore
    let access: Access
    let logs: any PodLogs
    let limits: PocketConfiguration.Limits
    let address: String
    let watches: WatchCount

    init(store: ObjectStore, configuration: PocketConfiguration, logs: any PodLogs) {
        self.store = store
        access = Access(
            configuration.tokens, issued: IssuedTokens(directory: configuration.state), objects: store)
        self.logs = logs
        limits = configuration.limits
        address = "\(configuration.host):\(configuration.port)"
        watches = WatchCount(limit: configuration.limits.watches)
    }

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        do {
            return try await answer(request)
        } catch let status as Status {
            return Answer.status(status)
        } catch let error as PocketError {
            return Answer.status(Self.status(of: error))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            context.logger.error("A request failed", metadata: ["error": "\(error)"])
            return Answer.status(.internalError("\(type(of: error))"))
        }
    }

    private func answer(_ request: Request) async throws -> Response {
        let caller = try access.caller(authorization: request.headers[.authorization])
        let query = Query(request.uri.query ?? "")
        switch Target(path: request.uri.path) {
        case .path(let path):
            try caller.authorize(
                path: path, verb: request.method == .get ? "get" : request.method.rawValue.lowercased())
            return discovery(path, method: request.method, isVerbose: query.flag("verbose"))
        case .resource(let target):
            let verb = try Self.verb(request.method, target, query)
            let name = target.object.isEmpty ? Self.selectedName(verb, query) : target.object
            if verb == "create", caller.isKnown, let review = Review(target) {
                return try await answer(review, request, caller)
            }
            try caller.authorize(verb, target, name: name)
            guard let kind = target.kind else { throw Status.noSuchResource }
            let call = Call(request: request, caller: caller, target: target, kind: kind, query: query)
            return try await answer(call, verb)
        }
    }

    private func answer(_ call: Call, _ verb: String) async throws -> Response {
        let target = call.target
        if call.kind == .pods, target.subresource == "log", verb == "get" { return try podLog(call) }
        if call.kind == .serviceaccounts, target.subresource == "token", verb == "create" {
            return try await requestToken(call)
        }
        guard target.subresource.isEmpty, !target.object.isEmpty == !Self.collectionVerbs.contains(verb),
            target.object.isEmpty || !call.kind.isNamespaced || !target.namespace.isEmpty
        else { throw target.subresource.isEmpty ? Status.methodNotAllowed : .noSuchResource }
        guard call.kind.verbs.contains(verb) else { throw Status.methodNotAllowed }
        try call.checkAccept()
        switch verb {
        case "get": return try get(call)
        case "list": return try await list(call)
        case "watch": return try watch(call)
        case "create": return try await create(call)
        case "update": return try await replace(call)
        case "patch": return try await patch(call)
        case "delete": return try await delete(call)
        default: return try await deleteCollection(call)
        }
    }

    private static let collectionVerbs: Set<String> = ["list", "watch", "create", "deletecollection"]

    private static func verb(
        _ method: HTTPRequest.Method, _ target: Target.Resource, _ query: Query
    ) throws(Status) -> String {
        let isCollection = target.object.isEmpty
        switch method {
        case .get, .head: return !isCollection ? "get" : query.flag("watch") ? "watch" : "list"
        case .post: return "create"
        case .put: return "update"
        case .patch: return "patch"
        case .delete: return isCollection ? "deletecollection" : "delete"
        default: throw .methodNotAllowed
        }
    }

    /// A list or watch of one name is judged, and refused, by that name.
    private static func selectedName(_ verb: String, _ query: Query) -> String {
        guard verb == "list" || verb == "watch", let selector = query["fieldSelector"] else { return "" }
        return (try? FieldSelector(selector, for: .configmaps))?.name ?? ""
    }

    private static func status(of error: PocketError) -> Status {
        switch error {
        case .exists(let key): .alreadyExists(key)
        case .expired: .listExpired
        case .configuration, .state, .machine: .internalError("\(error)")
        }
    }
}

extension Kind {
    /// What the API lets people do with objects of this kind. The node and the volumes are pocket's own.
    var verbs: [String] {
        switch self {
        case .nodes, .persistentvolumes: ["get", "list", "watch"]
        case .namespaces: ["create", "delete", "get", "list", "patch", "update", "watch"]
        default: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
        }
    }
}

/// How many watches are open. Each holds a `Place` for as long as it lasts.
final class WatchCount: Sendable {
    private let open = Mutex(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Nil when there are as many as there may be.
    func place() -> Place? {
        let isFree = open.withLock { open in
            guard open < limit else { return false }
            open += 1
            return true
        }
        return isFree ? Place(self) : nil
    }

    final class Place: Sendable {
        private let count: WatchCount

        fileprivate init(_ count: WatchCount) { self.count = count }

        deinit { count.open.withLock { $0 -= 1 } }
    }
}
