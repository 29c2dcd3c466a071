package import Foundation
package import OrreryCrypto
package import OrreryModel

/// What the hub says about a session to a service outside: whose it is, in which groups that person is, and for whom the
/// token is meant. Nobody but `audiences` should believe it.
package struct WorkloadToken: Hashable, Sendable {
    /// The hub's URL as an issuer.
    package var issuer: String
    /// Who it is, the same for ever: see `subject(of:id:)`.
    package var subject: String
    package var name: String
    package var audiences: [String]
    package var groups: [String]
    /// The session that carries it, and where that runs.
    package var session: String
    package var cluster: String

    package init(
        issuer: String, subject: String, name: String, audiences: [String], groups: [String], session: String,
        cluster: String
    ) {
        self.issuer = issuer
        self.subject = subject
        self.name = name
        self.audiences = audiences
        self.groups = groups
        self.session = session
        self.cluster = cluster
    }

    /// `ada:7`. Neither half is ever given to somebody else, and no name has a colon.
    package static func subject(of name: String, id: Int64) -> String { "\(name):\(id)" }

    /// No token of ours lives longer.
    package static let longestLife = Duration.seconds(3600)

    /// The token as it is at `now`, with the instant at which it ends. `life` is cut at an hour.
    package func signed(
        with key: SigningKey, lasting life: Duration, at now: Date
    ) throws(CryptoError) -> (token: Secret, end: Date) {
        let start = Int64(now.timeIntervalSince1970)
        let end = start + min(life, Self.longestLife).components.seconds
        let claims: JSON = [
            "iss": .string(issuer), "sub": .string(subject), "aud": audience, "iat": .integer(start),
            "nbf": .integer(start), "exp": .integer(end), "jti": .string(RandomToken.make(bytes: 16)),
            "preferred_username": .string(name), "groups": .array(groups.map { .string($0) }),
            "session": .string(session), "cluster": .string(cluster),
        ]
        return (try TokenSigner.sign(claims, with: key), Date(timeIntervalSince1970: Double(end)))
    }

    // Services that take one audience only want a text.
    private var audience: JSON { audiences.count == 1 ? .string(audiences[0]) : .array(audiences.map { .string($0) }) }
}
