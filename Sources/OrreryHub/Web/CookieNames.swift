/// The cookies that the hub sets, and their attributes. None has a `Domain`: each belongs to exactly this host.
struct CookieNames: Sendable {
    private let isSecure: Bool

    init(url: PublicURL) { isSecure = url.isSecure }

    /// Carries the login. `__Host-` makes browsers refuse one that another host or plain HTTP tries to plant (RFC 6265bis 4.1.3);
    /// that prefix demands TLS and `Path=/`. Without TLS the path keeps it away from the servers under `/user/`.
    var login: String { isSecure ? "__Host-orrery-session" : "orrery-session" }
    /// Names the browser while a login is under way, so that nobody can finish it in another one.
    var browser: String { isSecure ? "__Host-orrery-browser" : "orrery-browser" }
    /// What single-user servers of the JupyterHub contract tie their own cookies to. Not a secret, readable everywhere.
    let server = "jupyterhub-session-id"

    func setLogin(_ value: String, lasting: Duration) -> String { set(login, value, lasting: lasting) }
    func setBrowser(_ value: String, lasting: Duration) -> String { set(browser, value, lasting: lasting) }

    func setServer(_ value: String, lasting: Duration) -> String {
        "\(server)=\(value); Path=/; Max-Age=\(lasting.components.seconds); SameSite=Lax\(secure)"
    }

    /// What ends a login in the browser.
    var cleared: [String] {
        [set(login, "", lasting: .zero), "\(server)=; Path=/; Max-Age=0; SameSite=Lax\(secure)"]
    }

    private func set(_ name: String, _ value: String, lasting: Duration) -> String {
        "\(name)=\(value); Path=\(isSecure ? "/" : "/hub/"); Max-Age=\(lasting.components.seconds); HttpOnly; SameSite=Lax\(secure)"
    }

    private var secure: String { isSecure ? "; Secure" : "" }
}
