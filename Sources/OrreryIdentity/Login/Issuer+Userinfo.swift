import OrreryCrypto
import OrreryFetch
import OrreryModel

extension Issuer {
    /// What the userinfo endpoint says about `subject`. Throws when it speaks about anybody else (OpenID Connect Core 5.3.2).
    func userinfo(_ accessToken: String, subject: String, at endpoint: String?) async throws(IdentityError) -> JSON {
        guard let endpoint else {
            throw IdentityError(
                .misconfigured, at: configuration, "it publishes no userinfo endpoint to read groups or assurance from")
        }
        let request = FetchRequest(
            url: endpoint,
            headers: [("Authorization", "Bearer \(accessToken)"), ("Accept", "application/json, application/jwt")],
            limit: .seconds(10), bodyLimit: 256 << 10)
        let answer = try await source.fetch(request, "userinfo endpoint")
        guard answer.status == 200 else {
            throw IdentityError(
                answer.status >= 500 ? .unreachable : answer.status == 401 ? .revoked : .misbehaving, at: configuration,
                "its userinfo endpoint answered with status \(answer.status)")
        }
        let claims = try await claims(in: answer)
        guard let other = claims["sub"]?.string, other.utf8.elementsEqual(subject.utf8) else {
            throw IdentityError(.unbelievable, at: configuration, "its userinfo endpoint speaks about somebody else")
        }
        return claims
    }

    /// JSON, or the same signed by the issuer for us.
    private func claims(in answer: FetchResponse) async throws(IdentityError) -> JSON {
        let type = answer.headers["Content-Type"]?.prefix { $0 != ";" }.lowercased()
        guard type?.filter({ $0 != " " }) == "application/jwt" else {
            do throws(CryptoError) { return try JSON(strict: answer.body) } catch { throw unbelievable(error) }
        }
        let claims = try await verify(signedToken(answer.text)).claims
        do throws(ClaimOffence) {
            try claims.checkIssuer(configuration)
            try claims.checkAudience(only: configuration.client)
        } catch { throw IdentityError(.unbelievable, at: configuration, "its userinfo was signed for somebody else") }
        return claims
    }
}
