/// One cluster: how it does, what was decided about it by whom and why, and what one may decide oneself.
struct ClusterPage: Page {
    static let template = "cluster"

    let frame: Frame
    var notices: [Notice] = []
    let title: String
    let name: String
    let state: ClusterStateView
    /// Why it is not well, in sentences.
    let reasons: [String]
    let facets: [FacetView]
    /// What it is, as pairs of words.
    let facts: [FactView]
    let links: [LinkView]
    let action: String
    let listHref = "/hub/clusters"
    /// What one may order with one button each.
    let orders: [OrderView]
    /// For administrators: whose sessions it takes and up to which class of data.
    var trusts: [Choice] = []
    var ceilings: [Choice] = []
}

/// One decision about a cluster.
struct FacetView: Sendable {
    let name: String
    let value: String
    let actor: String
    let at: Moment
    let reason: String
}

struct FactView: Sendable {
    let name: String
    let value: String
    /// The moment of which the value speaks at its end.
    var at: Moment?
}

/// One control connection of its agent.
struct LinkView: Sendable {
    let address: String
    let version: String
    let since: Moment
    let text: String
}

/// A button.
struct OrderView: Sendable {
    let value: String
    let title: String
    var isDangerous = false
}

/// Where somebody types the code that a cluster's agent shows, and says whose cluster it is.
struct ClaimPage: Page {
    static let template = "claim"

    let frame: Frame
    var notices: [Notice] = []
    /// What the person typed, to be mended.
    var code = ""
    /// The cluster that waits with that code; nil asks for the code.
    var request: WaitingView?
    /// The groups of theirs that can own it.
    var groups: [Choice] = []
    var outcome: Notice?
    /// Not `action`: what waits has one of its own, which is for administrators.
    let claimAction = "/hub/clusters/claim"
}
