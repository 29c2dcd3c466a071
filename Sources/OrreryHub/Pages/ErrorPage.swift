/// Something went wrong, or is not there.
struct ErrorPage: Page {
    static let template = "error"

    let frame: Frame
    let status: Int
    /// The heading, from the status.
    let title: String
    /// What happened, as a sentence.
    let sentence: String
    /// What the reader can do.
    let next: String?
    /// What the operator finds in the log.
    let requestID: String?
    let link: Link

    init(
        frame: Frame = Frame(), status: Int, sentence: String, next: String? = nil, requestID: String? = nil,
        link: Link = Link(title: "Go to your home page", href: "/hub/home")
    ) {
        self.frame = frame
        self.status = status
        self.title = Self.title(status)
        self.sentence = sentence
        self.next = next
        self.requestID = requestID
        self.link = link
    }

    private static func title(_ status: Int) -> String {
        switch status {
        case 400, 405, 422: "That request does not work"
        case 404: "There is nothing here"
        case 409: "That cannot be done now"
        case 429: "Too many at once"
        case 503, 504: "Not available right now"
        case 500...: "Something broke on our side"
        default: "That did not work"
        }
    }
}

/// The person is known and may not do this.
struct ForbiddenPage: Page {
    static let template = "forbidden"

    let frame: Frame
    /// What is refused and why, as a sentence.
    let sentence: String
    var next: String?
    var requestID: String?
    var link = Link(title: "Go to your home page", href: "/hub/home")
}

/// A person came to the address of a notebook that does not run. Send it with status 424 or 503, never with a redirect
/// that would start something by itself.
struct StoppedPage: Page {
    static let template = "stopped"

    let frame: Frame
    /// "Your notebook", or "The notebook of grace".
    let title: String
    /// Why it does not run: the sentence of its end.
    var sentence: String?
    var endedAt: Moment?
    /// Where it can be started; nil when the reader may not.
    var startHref: String?
}
