/// One profile that the person may start, with its choices: a form of its own on the home page.
struct ProfileCard: Sendable {
    let name: String
    let title: String
    var description: String?
    /// Whether the card is shown open at first.
    var isOpen = false
    /// Exactly one of each list should have `isSelected`.
    var environments: [Choice]
    var sizes: [Choice]
    var options: [OptionView] = []
    let clusters: [ClusterChoice]
    /// Where it would run when nobody chooses, and why.
    var place: PlaceView?
    /// Why it cannot be started anywhere now although the person may, as a sentence.
    var startRefusal: String?
}

/// Where a session would go by itself.
struct PlaceView: Sendable {
    /// `North`, or what it would wait for.
    let title: String
    /// What speaks for it: `your home is here +40`.
    let terms: [String]
    /// What stands against the others: `not South: it has no GPU`.
    let others: [String]
    let isSelected: Bool
}

/// What else is chosen in a profile. Sent as `option.NAME`.
struct OptionView: Sendable {
    let name: String
    let title: String
    var choices: [Choice]
}

/// One environment, size or choice of an option. Sent as `value`.
struct Choice: Sendable {
    let value: String
    let title: String
    /// `2 CPU, 4 GiB memory`
    var detail: String?
    var isSelected = false
    /// Why this person may not take it, as a sentence; the choice is shown but cannot be made.
    var refusal: String?
}

/// One cluster, with what a session there will have.
struct ClusterChoice: Sendable {
    let value: String
    let title: String
    let condition: ClusterConditionView
    /// More than the condition's word: "since 12:03: connection refused".
    var conditionText: String?
    var isSelected = false
    /// Why nothing can be started there, as a sentence; the choice is shown but cannot be made.
    var refusal: String?
    /// What would speak for it.
    var score: String?
    let mounts: [MountView]
    let refusals: [RefusalView]
}

/// How a cluster is, in a word and a colour.
struct ClusterConditionView: Sendable {
    let title: String
    /// As in `StateView`.
    let tone: String

    static let ready = ClusterConditionView(title: "Ready", tone: "good")
    static let degraded = ClusterConditionView(title: "Degraded", tone: "warning")
    static let unreachable = ClusterConditionView(title: "Unreachable", tone: "failed")
    static let unknown = ClusterConditionView(title: "Not seen yet", tone: "idle")
}

/// One tree of files at one path.
struct MountView: Sendable {
    let path: String
    let isReadOnly: Bool
    /// The fileset's name.
    let fileset: String
    var isHome = false
}
