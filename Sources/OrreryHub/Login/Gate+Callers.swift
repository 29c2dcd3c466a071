import Foundation
import HTTPTypes
import Hummingbird
import OrreryCrypto
import OrreryModel
import OrreryStore

// Who calls the API: with a token of ours or of an issuer in the one `Authorization`, or with the cookie of a browser.
// Whoever brings the former is never looked at for the latter.
extension Gate {
    /// The caller. To nobody the contract of JupyterHub answers 403, and so do we; a token that is none of ours and that no
    /// issuer vouches for gets the 401 of RFC 6750, except where `isContract` says that a single-user server asks, for which
    /// anything but 403 is a broken hub. All reasons give one answer; which it was stands in the log.
    func requireCaller(
        _ request: Request, _ context: HubContext, isContract: Bool = false
    ) async throws -> Caller {
        let written = request.headers[values: .authorization]
        guard !written.isEmpty else { return try await browser(request) }
        guard written.count == 1, let token = request.bearer else {
            throw HubError.nobody(detail: written.count == 1 ? "Authorization is no token" : "several Authorization")
        }
        if token.hasPrefix(Tokens.mark) { return try await holder(of: token) }
        do {
            return Caller(bearer: try await bearers.person(token, from: context.client))
        } catch let refusal as Bearers.Refusal {
            guard !isContract else { throw HubError.nobody(detail: refusal.reason) }
            throw HubError(.unauthorized, HubError.nobodyMessage, detail: refusal.reason)
                .challenging(#"Bearer error="invalid_token""#)
        }
    }

    private func browser(_ request: Request) async throws -> Caller {
        guard let visitor = try await visitor(request) else { throw HubError.nobody(detail: "neither token nor login") }
        if request.method != .get && request.method != .head {
            try checkOrigin(request)
            let proof = request.headers[.formProof] ?? request.fields["_xsrf"]
            guard let proof, proof.equalsInConstantTime(visitor.proof) else {
                throw HubError(.forbidden, "a call with a login's cookie must carry its X-XSRFToken")
            }
        }
        return Caller(visitor: visitor)
    }

    private func holder(of token: String) async throws -> Caller {
        guard let (record, person) = try await tokens.holder(of: token) else {
            throw HubError.nobody(detail: "no such hub token, or not any more")
        }
        guard logins.admits(person) else {
            throw HubError.nobody(detail: "the person of hub token \(record.id) is suspended or denied")
        }
        if let id = record.session {
            // A token is worth no more than the session it was made for.
            guard let session = try await sessions.session(id: id), session.state != .ended else {
                throw HubError.nobody(detail: "the session of hub token \(record.id) has ended")
            }
        }
        if record.kind == .personal, try await !logins.admitsPrograms(of: person) {
            throw HubError.nobody(
                detail:
                    "\(person.person.name) is in no group that may enter, or it is too long ago that an issuer said so")
        }
        let instant = tokens.now()
        // Once a minute is enough to tell which tokens are in use.
        if record.lastUsed.map({ instant > $0 + 60 }) ?? true { uses.report(record.id, at: instant) }
        return Caller(person: person, token: record)
    }
}

extension HubError {
    static let nobodyMessage = "no valid token or login came with this request"

    /// What the contract says to whoever is certainly nobody.
    fileprivate static func nobody(detail: String) -> HubError { HubError(.forbidden, nobodyMessage, detail: detail) }
}
