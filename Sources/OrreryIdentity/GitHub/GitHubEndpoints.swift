/// Where a GitHub has what a login needs. The one at github.com has its REST interface on a host of its own.
struct GitHubEndpoints: Hashable {
    let oauth: String
    let api: String

    init(of issuer: String) {
        oauth = issuer + "/login/oauth"
        api = issuer == "https://github.com" ? "https://api.github.com" : issuer + "/api/v3"
    }

    var authorization: String { oauth + "/authorize" }
    var token: String { oauth + "/access_token" }
    var user: String { api + "/user" }

    /// The `number`th page of the teams of whoever asks, from 1.
    func teams(page number: Int) -> String { "\(api)/user/teams?per_page=\(Self.pageSize)&page=\(number)" }

    /// The most that GitHub gives at once.
    static let pageSize = 100
}
