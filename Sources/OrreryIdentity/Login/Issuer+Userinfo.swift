import OrreryCrypto
import OrreryFetch
import OrreryModel
import Synchronization

extension Issuer {
    /// What the userinfo endpoint says about `subject`. Throws when it speaks about anybody else (OpenID Connect Core 5.3.2).
    func userinfo(
        _ accessToken: String, subject: String, at endpoint: String?, within limit: Duration = .seconds(10)
    ) async throws(IdentityError) -> JSON {
        guard let endpoint else {
            throw IdentityError(
                .misconfigured, at: configuration, "it publishes no userinfo endpoint to read groups or assurance from")
        }
        let request = FetchRequest(
            url: endpoint,
            headers: [("Authorization", "Bearer \(accessToken)"), ("Accept", "application/json, application/jwt")],
            limit: limit, bodyLimit: 256 << 10)
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

    /// Looks, with the first login that brings groups in its ID token, whether the userinfo endpoint says them too. Not every
    /// refresh brings an ID token, and then this tells somebody without groups from an issuer that says none there. `known`
    /// is what the endpoint has said in this login already.
    func learnUserinfo(
        _ login: IssuerLogin, _ token: JSON, access: Secret, known: JSON?, at endpoint: String?
    ) async {
        guard configuration.groupsFrom == .idToken, let claim = configuration.groupsClaim, Self.isThere(token[claim]),
            !isUserinfoKnown, endpoint != nil
        else { return }
        let said: JSON
        if let known {
            said = known
        } else {
            do throws(IdentityError) {
                said = try await userinfo(access.reveal(), subject: login.subject, at: endpoint, within: .seconds(3))
            } catch { return }
        }
        saysGroupsAtUserinfo.withLock { $0 = Self.isThere(said[claim]) }
    }

    private var isUserinfoKnown: Bool { saysGroupsAtUserinfo.withLock { $0 != nil } }

    private static func isThere(_ claim: JSON?) -> Bool {
        guard let claim else { return false }
        return claim != JSON.null && claim != JSON.array([]) && claim != JSON.string("")
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
