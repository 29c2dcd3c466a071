import Foundation
import OrreryModel
import OrreryStore

/// A session as a client of the hub's OAuth provider.
enum OAuthClient {
    /// `jupyterhub-user-ada`, with `.gpu` behind it for a server of that name. No name contains a dot, so two sessions
    /// never share one; it is also the name of a cookie, so it keeps to what cookies allow.
    static func id(of session: SessionRecord) -> String {
        let user = prefix + session.personName.escapedForContract
        return session.server.isEmpty ? user : "\(user).\(session.server.escapedForContract)"
    }

    /// Name of the person and of the server in a client id; nil for anything that `id` does not make.
    static func parse(_ id: String) -> (person: String, server: String)? {
        guard id.hasPrefix(prefix) else { return nil }
        let parts = id.dropFirst(prefix.count).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let person = parts.first?.removingPercentEncoding, !person.isEmpty else { return nil }
        guard parts.count == 2 else { return (person, "") }
        guard let server = parts[1].removingPercentEncoding, !server.isEmpty else { return nil }
        return (person, server)
    }

    /// The one address that codes for this session are sent to; compared byte for byte.
    static func redirectURI(of session: SessionRecord) -> String { session.prefix + "oauth_callback" }

    private static let prefix = "jupyterhub-user-"
}
