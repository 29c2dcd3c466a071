/// A column whose values are sealed under the hub's keys. Every one is listed here, so that a change of keys reaches all;
/// its name begins with `sealed`, and a test holds the schema against the list.
package struct SealedColumn: Hashable, Sendable {
    package let table: String
    package let column: String
    /// What the secret is for: the first part of what it is bound to.
    let purpose: String
    /// The columns whose values are the other parts of what a secret is bound to, in their order.
    let owner: [String]
    /// Whether the row goes on without the secret.
    let isOptional: Bool

    package static let all: [SealedColumn] = [.credential, .logoutHint, .signingKey, .auditKey, .clusterToken]

    /// The tokens that an issuer gave at a login.
    package static let credential = SealedColumn(
        table: "credential", column: "sealed", purpose: "credential", owner: ["person", "issuer", "subject"],
        isOptional: true)
    /// What an issuer wants to see again at the logout.
    package static let logoutHint = SealedColumn(
        table: "login", column: "hint", purpose: "logout hint", owner: ["person", "issuer"], isOptional: true)
    /// The private half of a key with which the hub signs tokens for workloads.
    package static let signingKey = SealedColumn(
        table: "signing_key", column: "sealed", purpose: "signing key", owner: ["id"], isOptional: false)
    /// The key of the audit log's marks.
    package static let auditKey = SealedColumn(
        table: "audit_key", column: "sealed", purpose: "audit key", owner: ["number"], isOptional: false)

    /// The hub's own token for a cluster, as it renewed it last.
    package static let clusterToken = SealedColumn(
        table: "cluster_token", column: "sealed", purpose: "cluster token", owner: ["cluster"], isOptional: false)

    /// What the secret in the row of `owner` is bound to. Numbers are written in decimal.
    package func binding(_ owner: String...) -> [String] {
        precondition(owner.count == self.owner.count, "\(table).\(column) is bound to \(self.owner)")
        return [purpose] + owner
    }
}
