/// A person's tokens for programs: those that there are, and a form for another one.
struct TokenPage: Page {
    static let template = "tokens"

    let frame: Frame
    var notices: [Notice] = []
    /// The one that was just made. This page alone ever has it.
    var made: MadeToken?
    /// The newest first.
    let tokens: [TokenView]
    /// What may be chosen for the person's own things.
    let rights: [RightChoice]
    /// What an operator may choose besides, for everybody.
    let operatorRights: [RightChoice]
    /// Why none can be made, as a sentence.
    var makeRefusal: String?
    let lives: [Choice]
    /// Where the form posts to. Fields: `note`, `life` in seconds, the fields of the chosen rights and the token.
    let makeAction = "/hub/token"
}

/// A token that was just made.
struct MadeToken: Sendable {
    let note: String
    let text: String
}

/// A token as a page lists it.
struct TokenView: Sendable {
    let note: String
    /// With their filters.
    let rights: [String]
    let made: Moment
    /// Nil when it never was.
    let used: Moment?
    let ends: Moment?
    let revokeAction: String
}

/// A right that somebody may choose.
struct RightChoice: Sendable {
    /// The name of the form's field, and the element's id.
    let field: String
    let name: String
    let promise: String
    var isSelected = false
}
