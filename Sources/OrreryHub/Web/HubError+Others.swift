import Hummingbird
import NIOCore
import OrreryIdentity
import OrrerySpawn
import OrreryStore

extension HubError {
    /// What an error of another layer means for the one who asked. An unknown one is our fault and says nothing of itself.
    init(any error: any Error) {
        switch error {
        case let error as HubError: self = error
        case let error as StoreError: self.init(error)
        case let error as SpawnError: self.init(error)
        case let error as IdentityError: self.init(error)
        case let error as HTTPError: self.init(error)
        case is CancellationError:
            self.init(.unavailable, "the hub is stopping", next: "try again in a moment")
        default:
            self.init(
                .broken, "something went wrong that should not have", next: "an operator finds it in the log by its id",
                detail: "\(type(of: error)): \(error)")
        }
    }

    /// Never a "no": who cannot look something up does not know.
    private init(_ error: StoreError) {
        switch error.kind {
        case .conflict: self.init(.conflict, error.message, next: error.next)
        case .missing: self.init(.notFound, error.message, next: error.next)
        case .busy, .unavailable, .cancelled:
            self.init(
                .unavailable, "the hub cannot reach its database", next: "try again in a moment", detail: "\(error)")
        case .corrupt:
            self.init(
                .broken, "a record in the hub's database cannot be read", next: "an operator has to look at it",
                detail: "\(error)")
        }
    }

    private init(_ error: SpawnError) {
        let kind: Kind =
            switch error.kind {
            case .alreadyRunning: .conflict
            case .unknownCluster: .unprocessable
            case .unknownSession: .notFound
            case .clusterAway, .notNow: .unavailable
            }
        self.init(kind, error.sentence.withoutFullStop)
    }

    private init(_ error: IdentityError) {
        let kind: Kind =
            switch error.kind {
            case .unknownIssuer: .notFound
            case .unreachable, .misbehaving: .unavailable
            case .misconfigured: .broken
            case .declined, .unbelievable, .insufficient, .revoked: .forbidden
            case .stale: .badRequest
            }
        self.init(kind, error.sentence.withoutFullStop, detail: "issuer \(error)")
    }

    private init(_ error: HTTPError) {
        switch error.status.code {
        case 404: self.init(.notFound, "there is no such page")
        case 413: self.init(.tooLarge, "the body of this request is too large")
        default:
            self.init(Kind(rawValue: error.status.code) ?? .badRequest, error.body ?? "this request cannot be read")
        }
    }
}
