/// Join strings for sites, for administrators: those that are open, and a form for another one.
struct InvitePage: Page {
    static let template = "invites"

    let frame: Frame
    var notices: [Notice] = []
    /// The one that was just made. This page alone ever has it.
    var made: String?
    /// The newest first.
    let invites: [InviteView]
    let lives: [Choice]
    /// Where the form posts to. Fields: `owner`, `name`, `life` in seconds, `uses` and the token.
    let makeAction = "/hub/invites"
    let listHref = "/hub/clusters"
}

/// An open join string as a page lists it: all but what nobody can read again.
struct InviteView: Sendable {
    let id: String
    /// For how many clusters it still is, what one will be called, and who will own it.
    let facts: [String]
    let maker: String
    let made: Moment
    let ends: Moment
    let revokeAction: String
}
