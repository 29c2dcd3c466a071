/// Where a person chooses who vouches for them.
struct LoginPage: Page {
    static let template = "login"

    var frame = Frame()
    /// In the order of the configuration; empty when none is configured, which the page says.
    let issuers: [LoginChoice]
    var notice: Notice?
}

/// One issuer on the login page: a button, or the reason why it cannot be used now.
struct LoginChoice: Sendable {
    /// `Photon Lab`; the button reads "Continue with Photon Lab".
    let title: String
    /// Where the button leads: `/hub/login/photon?next=…`. Nil when the issuer cannot be used now.
    let href: String?
    /// Why not, as a sentence: set when `href` is nil.
    var unavailable: String?
}

/// Between a form of ours and an issuer: browsers go on by themselves, and whoever's does not has a button.
struct OnwardPage: Page {
    static let template = "onward"

    var frame = Frame()
    /// What people read for the issuer.
    let title: String
    /// Where the login there begins.
    let href: String
}

/// What a person sees after logging out.
struct LogoutPage: Page {
    static let template = "logout"

    var frame = Frame()
    /// Back to the login page.
    let loginHref: String
    /// The issuer at which the browser is logged out next, as people read it, and where.
    var issuer: String?
    var issuerHref: String?
    /// What else is worth knowing: "Your session goes on running", "you are still logged in at Photon Lab".
    var notices: [Notice] = []
}
