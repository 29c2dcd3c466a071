/// The clusters that somebody looks after; for administrators all of them, with those that ask to join.
struct ClustersPage: Page {
    static let template = "clusters"

    let frame: Frame
    var notices: [Notice] = []
    let clusters: [ClusterLine]
    /// Only for administrators.
    var waiting: [WaitingView] = []
    let claimHref = "/hub/clusters/claim"
    /// For administrators.
    let invitesHref = "/hub/invites"
}

/// A cluster in the list.
struct ClusterLine: Sendable {
    let name: String
    let title: String
    let href: String
    let state: ClusterStateView
    /// What was decided: `member`, `cordoned`, `trust owner` and so on.
    let facets: [String]
    /// Why it is not well.
    let reasons: [String]
}

/// How a cluster does, as a word with a colour.
struct ClusterStateView: Sendable {
    let text: String
    /// `good`, `warning`, `failed` or nothing.
    let tone: String

    init(_ state: ClusterHealth.State) {
        text = state.rawValue
        tone =
            switch state {
            case .ready: "good"
            case .degraded: "warning"
            case .unreachable: "failed"
            case .neverSeen: ""
            }
    }
}

/// A cluster that asks to join.
struct WaitingView: Sendable {
    let wish: String
    /// The id of its agent's key.
    let id: String
    /// The same in groups of eight.
    let fingerprint: String
    let address: String
    let uid: String
    let version: String
    let since: Moment
    /// What was wrong with what it showed, or who may decide.
    let reason: String
    let action: String
}
