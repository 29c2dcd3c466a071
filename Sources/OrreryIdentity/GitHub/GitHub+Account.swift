import OrreryCrypto
import OrreryFetch
import OrreryModel

/// An account as GitHub's REST interface tells it.
struct GitHubAccount: Hashable {
    let id: Int64
    let login: String
    let name: String?
}

extension GitHub {
    /// Whose token it is.
    func account(_ token: String) async throws(IdentityError) -> GitHubAccount {
        let account = try await get(endpoints.user, token, "account")
        guard let id = account["id"]?.integer, id > 0, let login = account["login"]?.string, !login.isEmpty else {
            throw IdentityError(.misbehaving, at: configuration, "its account has no number or no name")
        }
        // Organisations and machines have numbers too.
        guard (account["type"]?.string ?? "User") == "User" else {
            throw IdentityError(.unbelievable, at: configuration, "the account is not a person's")
        }
        return GitHubAccount(id: id, login: login, name: account["name"]?.string)
    }

    /// The person's teams, each by name and by number. Pages are counted, not followed: no address that an answer names is
    /// ever fetched.
    func teams(_ token: String) async throws(IdentityError) -> [String] {
        var teams: [String] = []
        for page in 1...(ClaimedGroups.limit / GitHubEndpoints.pageSize) {
            let answer = try await get(endpoints.teams(page: page), token, "teams")
            guard let elements = answer.array else {
                throw IdentityError(.misbehaving, at: configuration, "its teams are not a list")
            }
            for element in elements { teams += try names(of: element) }
            if elements.count < GitHubEndpoints.pageSize { return teams }
        }
        throw IdentityError(.unbelievable, at: configuration, "more than \(ClaimedGroups.limit) groups")
    }

    private func names(of team: JSON) throws(IdentityError) -> [String] {
        guard let id = team["id"]?.integer, let slug = team["slug"]?.string,
            let organisation = team["organization"]?["login"]?.string
        else { throw IdentityError(.misbehaving, at: configuration, "one of its teams has no number or no name") }
        return ["\(organisation)/\(slug)", "#\(id)"]
    }

    private func get(_ url: String, _ token: String, _ what: String) async throws(IdentityError) -> JSON {
        let request = FetchRequest(
            url: url,
            headers: [
                ("Authorization", "Bearer \(token)"), ("Accept", "application/vnd.github+json"),
                ("X-GitHub-Api-Version", "2022-11-28"),
            ], limit: .seconds(10), bodyLimit: 1 << 20)
        let answer = try await source.fetch(request, what)
        guard answer.status == 200 else { throw failure(answer.status, what) }
        do throws(CryptoError) { return try JSON(strict: answer.body) } catch {
            throw IdentityError(.misbehaving, at: configuration, "its \(what) cannot be read: \(error.message)")
        }
    }
}
