import Foundation
import OrreryModel
import OrrerySpawn
import OrreryStore

/// What an unmodified single-user server of the JupyterHub contract must find in its environment, and the token it
/// speaks to the hub with.
struct ServerContract: SessionContract {
    let url: PublicURL
    /// The base of the REST API as pods reach it.
    let api: String
    let tokens: Tokens
    let notebook: NotebookTokens
    let glance: KernelGlance

    func variables(for session: SessionRecord) -> [String: String] {
        let user = session.personName.escapedForContract
        let contract = [
            "JUPYTERHUB_ACTIVITY_URL": "\(api)/users/\(user)/activity",
            "JUPYTERHUB_API_URL": api,
            "JUPYTERHUB_BASE_URL": "/",
            "JUPYTERHUB_CLIENT_ID": OAuthClient.id(of: session),
            "JUPYTERHUB_HOST": "",
            "JUPYTERHUB_OAUTH_ACCESS_SCOPES": Self.list(accessScopes(of: session)),
            "JUPYTERHUB_OAUTH_CALLBACK_URL": OAuthClient.redirectURI(of: session),
            "JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES": "[]",
            "JUPYTERHUB_OAUTH_SCOPES": Self.list(accessScopes(of: session)),
            "JUPYTERHUB_PUBLIC_HUB_URL": "\(url.origin)/hub/",
            "JUPYTERHUB_PUBLIC_URL": "\(url.origin)\(session.prefix)",
            "JUPYTERHUB_SERVER_NAME": session.server,
            "JUPYTERHUB_SERVICE_PREFIX": session.prefix,
            "JUPYTERHUB_USER": session.personName,
        ]
        return contract.merging(notebook.variables(for: session)) { contract, _ in contract }
    }

    func issueToken(for session: SessionRecord) async throws -> Secret {
        try await tokens.issueServerToken(for: session)
    }

    func hasTokens(for session: SessionRecord) -> Bool { notebook.isWanted(for: session) }

    func isBusy(_ session: SessionRecord) async -> Bool { await glance.isBusy(session) }

    func tokens(for session: SessionRecord) async -> [String: Secret] { await notebook.first(for: session) }

    private func accessScopes(of session: SessionRecord) -> [String] {
        let user = session.personName
        return ["access:servers!server=\(user)/\(session.server)", "access:servers!user=\(user)"]
    }

    // Names and scopes contain nothing that JSON would escape.
    private static func list(_ items: [String]) -> String {
        "[" + items.map { "\"\($0)\"" }.joined(separator: ",") + "]"
    }
}
