import Foundation
import HTTPTypes
import Hummingbird
import Logging
import OrreryIdentity
import OrreryModel
import OrreryStore

/// Where an issuer says that somebody has logged out there (OpenID Connect Back-Channel Logout 2.5).
struct IssuerLogoutRoutes: Sendable {
    let issuers: any LoginIssuers
    let logins: any LoginStore
    let vault: CredentialVault
    let farewell: Farewell
    let persons: any PersonStore
    let audit: AuditLog
    let now: @Sendable () -> Date

    func add(to router: Router<HubContext>) { router.post("hub/logout/:issuer", use: logout) }

    /// 200 when what the token names has ended, 400 when the token cannot be believed: nothing else is told to whoever asks.
    @Sendable func logout(_ request: Request, _ context: HubContext) async throws -> Response {
        let label = try context.name("issuer")
        let order: LogoutOrder
        do {
            guard let token = try await request.form()["logout_token"] else { return try answer(.badRequest) }
            order = try await issuers.order(in: token, from: label)
        } catch let error as IdentityError {
            context.logger.notice(
                "logout token refused", metadata: ["issuer": "\(label)", "reason": "\(error.detail)"])
            return try answer(.badRequest)
        }
        let ended = try await logins.logins(
            issuer: label, subject: order.subject, session: order.session, at: now())
        for login in ended {
            try await farewell.end(login)
            let person = try await persons.person(id: login.person)
            await audit.record(AuditAct(.logout, of: person, to: label, because: "the issuer ordered it"))
        }
        try await forget(order, at: label, Set(ended.map(\.person)))
        context.logger.notice(
            "issuer logged somebody out", metadata: ["issuer": "\(label)", "logins": "\(ended.count)"])
        return try answer(.ok)
    }

    /// Tokens of a session that is over are good for nothing, unless the login asked for those that outlast it (2.7).
    private func forget(_ order: LogoutOrder, at issuer: String, _ people: Set<Int64>) async throws {
        for person in people {
            guard let record = try await vault.store.credential(person: person, issuer: issuer),
                let tokens = try vault.open(record)?.tokens, !tokens.outlastsSession,
                order.session == nil || tokens.session == order.session
            else { continue }
            _ = try await vault.store.end(record, at: now())
        }
    }

    private func answer(_ status: HTTPResponse.Status) throws -> Response {
        var response: Response =
            status == .ok
            ? Response(status: .ok) : try .json(["error": "invalid_request"], status: status)
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
