/// What stands around the content of every page.
struct Frame: Sendable {
    /// What this installation calls itself.
    var product = "Orrery"
    /// The name of who is logged in; nil on pages for everybody, and then there is no logout button.
    var person: String?
    var isAdmin = false
    /// The token that every form of the page sends back in the field `csrfField`.
    var csrf = ""

    /// The name of the form field that carries the token.
    static let csrfField = "_xsrf"
}

/// A sentence above the content.
struct Notice: Sendable {
    let kind: Kind
    let text: String
    /// What the reader can do about it.
    var next: String?
    var link: Link?

    enum Kind: String, Sendable { case information, success, warning, failure }
}

/// A link that reads `title`.
struct Link: Sendable {
    let title: String
    let href: String
}
