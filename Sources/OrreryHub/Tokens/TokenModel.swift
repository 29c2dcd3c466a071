import Foundation
import OrreryModel
import OrreryStore

/// A token as the JupyterHub contract shows it: never the token itself.
struct TokenModel: Sendable {
    let token: TokenRecord
    /// Whose it is.
    let name: String

    var json: JSON {
        let moment = { (instant: Date?) -> JSON in instant.map { .string(Timestamp.text($0)) } ?? .null }
        return [
            "user": .string(name), "id": .string(token.id), "kind": "api_token", "roles": [],
            "scopes": .array(Scopes(token.scopes).expanded.map { .string($0) }), "note": .string(token.note),
            "created": moment(token.createdAt), "last_activity": moment(token.lastUsed),
            "expires_at": moment(token.expiresAt), "session_id": token.sid.map { .string($0) } ?? .null,
            "oauth_client": token.kind == .oauth ? .string(token.note) : "Orrery",
        ]
    }
}
