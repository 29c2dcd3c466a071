package import FoundationEssentials
package import Logging
package import OrreryModel

/// Keeps tokens over a restart of the hub, each for one place: it is given out for the cluster's name at the same server under the
/// same authority, and for nothing else.
package protocol TokenShelf: Sendable {
    func token(of cluster: ClusterAccess) async -> Secret?
    func keep(_ token: Secret, of cluster: ClusterAccess) async throws
}

extension KubernetesClient {
    /// Renews the hub's own token for as long as the task lives: before half of its life is over a new one is asked for
    /// (TokenRequest), tried, put on the shelf, and then shown. The old one is shown until the new one has worked.
    ///
    /// Returns at once when there is nothing to renew: no token of a service account, one without an end, or one that
    /// somebody else renews. Where the cluster does not accept the renewed one any more, that of the configuration is shown, and renewed.
    package func keepToken(shelf: (any TokenShelf)?, now: @escaping @Sendable () -> Date, logger: Logger) async {
        guard case .token(let given) = access.credential, let configured = ServiceToken(given),
            var token = await newestToken(shelf)
        else { return }
        var backoff = Backoff(first: .seconds(5), limit: .seconds(300))
        var isLate = false
        while !Task.isCancelled {
            if keeper.hasFallenBack { token = configured }
            let life = token.expiresAt.timeIntervalSince(token.issuedAt)
            let due = token.issuedAt.addingTimeInterval(life * 0.45).timeIntervalSince(now())
            let wait = isLate ? backoff.next() : .seconds(max(0, due))
            guard (try? await time.sleep(min(wait, Self.look))) != nil else { return }
            guard wait <= Self.look else { continue }
            do {
                token = try await renew(token, life: life, shelf: shelf, logger: logger)
                isLate = false
                backoff.reset()
            } catch {
                isLate = true
                let left = token.expiresAt.timeIntervalSince(now())
                logger.log(
                    level: left < life / 4 ? .error : .warning, "the hub's token for a cluster was not renewed",
                    metadata: [
                        "cluster": "\(access.name)", "ends": "\(token.expiresAt.formatted(.iso8601))",
                        "error": "\(error)",
                    ])
            }
        }
    }

    /// From now on the token is shown that was kept, if it is better than the configuration's. To be called before the cluster is
    /// asked for anything: the configuration's may be over.
    package func adoptToken(from shelf: (any TokenShelf)?) async { _ = await newestToken(shelf) }

    /// How often it is looked whether the cluster still accepts the renewed token.
    private static let look = Duration.seconds(300)

    private func newestToken(_ shelf: (any TokenShelf)?) async -> ServiceToken? {
        guard case .token(let given) = access.credential, let token = ServiceToken(given) else { return nil }
        guard let kept = await shelf?.token(of: access), let better = ServiceToken(kept),
            better.account.utf8.elementsEqual(token.account.utf8),
            better.namespace.utf8.elementsEqual(token.namespace.utf8), better.expiresAt > token.expiresAt,
            // One that the site has put into the configuration since then is for a reason.
            better.issuedAt > token.issuedAt
        else { return token }
        keeper.show(kept)
        return better
    }

    private func renew(
        _ token: ServiceToken, life: TimeInterval, shelf: (any TokenShelf)?, logger: Logger
    ) async throws -> ServiceToken {
        let fresh = try await requestToken(for: token, life: life)
        guard let next = ServiceToken(fresh), next.expiresAt > token.expiresAt else {
            throw KubernetesError.unreadable("the new token does not live longer than the old one")
        }
        try await tryOut(fresh)
        do { try await shelf?.keep(fresh, of: access) } catch {
            // It serves all the same, until the hub is started again.
            logger.error(
                "a cluster's new token was not kept", metadata: ["cluster": "\(access.name)", "error": "\(error)"])
        }
        keeper.show(fresh)
        return next
    }

    /// Asks the cluster for another token of the hub's own account. At least ten minutes, as the server wants.
    func requestToken(for token: ServiceToken, life: TimeInterval) async throws(KubernetesError) -> Secret {
        let path = try ResourcePath(
            "serviceaccounts", in: token.namespace, name: token.account, subresource: "token")
        let wish = TokenRequest(spec: .init(expirationSeconds: max(600, Int64(life))))
        let answer = try decode(TokenAnswer.self, try await send("POST", path, body: try encode(wish)))
        guard let text = answer.status?.token else { throw .unreadable("a token request without a token") }
        return Secret(text)
    }

    private func tryOut(_ token: Secret) async throws(KubernetesError) {
        var path = try ResourcePath(Pod.plural, in: namespace)
        path.add("limit", "1")
        _ = try await send("GET", path, showing: token)
    }
}

private struct TokenRequest: Encodable {
    let apiVersion = "authentication.k8s.io/v1"
    let kind = "TokenRequest"
    let spec: Spec

    struct Spec: Encodable {
        let expirationSeconds: Int64
    }
}

private struct TokenAnswer: Decodable {
    let status: Status?

    struct Status: Decodable {
        let token: String?
    }
}
