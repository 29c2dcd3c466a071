package import OrreryModel
package import OrreryStore

/// What the hub promises to the server in a pod, and the pod has to know.
package protocol SessionContract: Sendable {
    /// The `JUPYTERHUB_*` variables of the session, without any secret. A value may use `$(POD_IP)`. The same session
    /// always gives the same variables.
    func variables(for session: SessionRecord) -> [String: String]

    /// A fresh token for the server of the session. Asked for again when an attempt to make the pod was cut off; the
    /// tokens given before for the same session may then be forgotten.
    func issueToken(for session: SessionRecord) async throws -> Secret

    /// Whether the session's pod has a directory of tokens of others, `PodTokens.directory`. The same session always gets the
    /// same answer.
    func hasTokens(for session: SessionRecord) -> Bool

    /// Whether a kernel of the session works right now, so that it is in use though nobody looks at it. True where that cannot
    /// be found out: a session is not stopped for a question without an answer.
    func isBusy(_ session: SessionRecord) async -> Bool

    /// The files of that directory, as far as they can be had now. A session does not wait for an issuer that is away: what is
    /// missing comes later, with `Spawner.put`.
    func tokens(for session: SessionRecord) async -> [String: Secret]
}
