/// Where a person sees what runs and starts something.
struct HomePage: Page {
    static let template = "home"

    let frame: Frame
    let person: PersonView
    var notices: [Notice] = []
    let sessions: [SessionCard]
    /// What this person may start, in the order of the document. The first one with `isOpen` is shown open.
    let profiles: [ProfileCard]
    /// What this person may not start, and why.
    var withheld: [RefusalView] = []
    /// Where the forms of the profiles post to. Fields: `profile`, `environment`, `size`, `cluster`, `server`
    /// and the token.
    let startAction: String
    /// Why nothing can be started now, as a sentence: "you have a running session; stop it to start another".
    var startRefusal: String?
    /// The default session runs: another one needs a name of its own.
    var mustName = false
    /// What the session will be called that somebody came to start, until they choose another name.
    var newServer: String?
}

/// Who the page is for, in their own words.
struct PersonView: Sendable {
    let name: String
    /// The issuer that vouched: "Photon Lab".
    let issuer: String
    let groups: [String]
    /// `20001`, or nil when the person has no POSIX identity.
    var uid: String?
}

/// One session that has not ended.
struct SessionCard: Sendable {
    /// The server's name; nil for the default one.
    var server: String?
    let profile: String
    let environment: String
    let size: String
    let cluster: String
    let state: StateView
    let since: Moment
    /// The newest sentence about it.
    var message: String?
    /// The notebook; nil while there is none to open.
    var openHref: String?
    /// The progress page, while it starts.
    var progressHref: String?
    /// Where the button posts to that stops it and starts it with the settings of now; nil when they are the same.
    var restartAction: String?
    /// Where the stop button posts to; nil when it is stopping already.
    var stopAction: String?
}

/// Something that was not granted, and why.
struct RefusalView: Sendable {
    let what: String
    let reason: String
    var remedy: String?
}
