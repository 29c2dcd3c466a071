import HTTPTypes
import Hummingbird
import OrreryModel

/// The hub as an issuer for workloads: its discovery document (OpenID Connect Discovery 1.0, 3) and its key set. It has no login
/// of that kind, so the document names no endpoint for one.
struct WorkloadRoutes: Sendable {
    let keys: WorkloadKeys
    /// The issuer's URL: `issuer(of:)`.
    let issuer: String

    /// Where the hub is an issuer.
    static func issuer(of url: PublicURL) -> String { "\(url.origin)/hub/workload" }

    func add(to router: Router<HubContext>) {
        router.get("hub/workload/.well-known/openid-configuration") { _, _ in try document() }
        router.get("hub/workload/jwks") { _, _ in
            Self.shared(try .json(["keys": .array(try await keys.published())]))
        }
    }

    private func document() throws -> Response {
        Self.shared(
            try .json([
                "issuer": .string(issuer), "jwks_uri": .string("\(issuer)/jwks"),
                "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "claims_supported": [
                    "iss", "sub", "aud", "exp", "iat", "nbf", "jti", "preferred_username", "groups", "session",
                    "cluster",
                ],
            ]))
    }

    /// A key is published for a day before it signs, so nobody is late who keeps a set for an hour.
    private static func shared(_ response: Response) -> Response {
        var response = response
        response.headers[.cacheControl] = "public, max-age=3600"
        return response
    }
}
