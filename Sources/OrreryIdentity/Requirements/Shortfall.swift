/// What a person would have to show besides what the issuer said.
package enum Shortfall: Hashable, Sendable {
    case organisation
    case assurance(String)
    case context(String)
    case age(Duration)

    /// Whether another login could mend it.
    package var isAboutTheLogin: Bool {
        switch self {
        case .context, .age: true
        case .organisation, .assurance: false
        }
    }

    /// What is missing, whose doing it is and what to do next, as a sentence without a full stop. `title` is the issuer.
    package func sentence(issuer title: String) -> String {
        switch self {
        case .organisation:
            "\(title) did not say that you come from a home organisation that may enter; "
                + "choose another one there, or ask an operator of this hub to add yours"
        case .assurance(let value):
            "\(title) did not say that your identity was checked as required (\(value)); "
                + "ask your home organisation to confirm your identity"
        case .context(let value):
            "\(title) did not say that you logged in as required (\(value)); "
                + "log in again there with a second factor, or set one up first"
        case .age(let age):
            "\(title) did not say that you logged in there within the last \(Self.words(age)); log in again"
        }
    }

    private static func words(_ age: Duration) -> String {
        let minutes = age.components.seconds / 60
        return minutes % 60 == 0 && minutes > 0 ? "\(minutes / 60) h" : "\(minutes) min"
    }
}
