/// Which identities open a person's account, and how to add one.
struct AccountPage: Page {
    static let template = "account"

    let frame: Frame
    let name: String
    /// In the order in which they were linked.
    let identities: [IdentityView]
    /// Where another identity may come from; the forms post to `href`.
    let issuers: [LoginChoice]
    /// Where the unlink buttons post to. Fields: `issuer`, `subject` and the token.
    let unlinkAction = "/hub/account/unlink"
}

/// One identity of a person.
struct IdentityView: Sendable {
    /// What people read for the issuer.
    let issuer: String
    let url: String
    let subject: String
    /// That of the first login, which stays.
    let isFirst: Bool
}
