import Foundation
package import OrreryModel
import OrreryStore

// A cluster in words for pages and commands.
extension ClusterRecord {
    /// What was decided, each as a word or two. `written` is what the configuration says that clusters may hold.
    func chips(_ written: [String: Set<String>]) -> [String] {
        var chips = [facets.membership.value.rawValue]
        guard facets.membership.value == .member || facets.membership.value == .suspended else { return chips }
        if facets.quarantine != nil { chips.append("quarantine") }
        chips.append(facets.scheduling.value.words)
        chips.append("trust \(facets.trust.value.words)")
        chips.append("data \(data(written).value)")
        if let owner { chips.append("owner \(owner)") }
        return chips
    }

    /// Every decision with who, when and why; `written` as for `chips`.
    func views(_ written: [String: Set<String>]) -> [FacetView] {
        let data = data(written)
        var views = [
            FacetView("Membership", facets.membership, facets.membership.value.rawValue),
            FacetView("Scheduling", facets.scheduling, facets.scheduling.value.words),
            FacetView("Takes the sessions of", facets.trust, facets.trust.value.words),
            FacetView(holds(written) == nil ? "Data up to" : "Data", data, data.value),
        ]
        if let quarantine = facets.quarantine { views.append(FacetView("Quarantine", quarantine, quarantine.value)) }
        return views
    }

    /// Which data it may hold: the words of the configuration where they count, else the class that was decided.
    private func data(_ written: [String: Set<String>]) -> Facet<String> {
        let ceiling = facets.ceiling
        guard let holds = holds(written) else {
            return Facet(ceiling.value.rawValue, by: ceiling.actor, at: ceiling.at, because: ceiling.reason)
        }
        let words = holds.isEmpty ? "none" : holds.sorted().joined(separator: " and ")
        return Facet(words, by: FacetActor.configuration, at: ceiling.at, because: "orrery.yaml says so")
    }

    /// What is known of it.
    var facts: [FactView] {
        var facts = [FactView(name: "Reached", value: kind == .agent ? "through its agent" : "directly")]
        func add(_ name: String, _ value: String?, _ at: Date? = nil) {
            if let value { facts.append(FactView(name: name, value: value, at: at.map { Moment($0) })) }
        }
        add("Owner", owner)
        add("Namespace", namespace)
        add("kube-system", uid)
        for key in keys { add("Key", key.id + (key.endsAt == nil ? "" : " until"), key.endsAt) }
        add("Let in", "by the rule \(admission.rule)\(admission.by.map { " and \($0)" } ?? ""),", admission.at)
        if let nodes = inventory?["nodes"]?.integer ?? inventory?["nodes"]?.array.map({ Int64($0.count) }) {
            add("Nodes", "\(nodes)")
        }
        return facts
    }

    /// The buttons for `chief`.
    func orders(for chief: ClusterChief) -> [OrderView] {
        let membership = facets.membership.value
        guard membership == .member || membership == .suspended else { return [] }
        var orders: [OrderView] = []
        if facets.scheduling.value != .schedulable || facets.quarantine != nil {
            orders.append(OrderView(value: "uncordon", title: "Take new sessions"))
        }
        if facets.scheduling.value == .schedulable {
            orders.append(OrderView(value: "cordon", title: "Take no new sessions"))
            orders.append(OrderView(value: "drain-hour", title: "Empty it within the hour"))
        }
        if kind == .agent { orders.append(OrderView(value: "rotate", title: "Ask for a new key")) }
        if chief.isAdmin {
            orders.append(
                membership == .suspended
                    ? OrderView(value: "resume", title: "A member again")
                    : OrderView(value: "suspend", title: "Suspend", isDangerous: true))
            if kind == .agent { orders.append(OrderView(value: "revoke", title: "Revoke", isDangerous: true)) }
        } else if kind == .agent, mayLeave {
            orders.append(OrderView(value: "leave", title: "Leave this hub", isDangerous: true))
        }
        return orders
    }

    /// Whose sessions it can be made to take.
    var trusts: [Choice] {
        var words = ["unclaimed", "federation"]
        if owner != nil { words.insert("owner", at: 1) }
        let now = facets.trust.value.words
        if !words.contains(now) { words.append(now) }
        return words.map { Choice(value: $0, title: $0, isSelected: $0 == now) }
    }

    /// Which data it can be let hold; `written` as for `chips`, and what one leaves by choosing nothing.
    func ceilings(_ written: [String: Set<String>]) -> [Choice] {
        let isWritten = holds(written) != nil
        let classes = DataCeiling.allCases.map(\.rawValue).map {
            Choice(value: $0, title: $0, isSelected: false)
        }
        let now = isWritten ? "what orrery.yaml says" : "\(facets.ceiling.value.rawValue), as it is"
        return [Choice(value: "", title: now, isSelected: true)] + classes
    }
}

extension FacetView {
    fileprivate init<Value>(_ name: String, _ facet: Facet<Value>, _ value: String) {
        self.init(name: name, value: value, actor: facet.actor, at: Moment(facet.at), reason: facet.reason)
    }
}

extension LinkView {
    init(_ link: AgentLinks.Link) {
        var text = ""
        if let time = link.roundTrip { text += ", \(Int(min(max(time, 0), 1e9).rounded())) ms away" }
        if let idle = link.idle, let bound = link.bound { text += ", \(idle) connections ready and \(bound) in use" }
        if link.isLeaving { text += ", leaving" }
        self.init(
            address: link.address, version: link.version ?? "of a version it has not said", since: Moment(link.since),
            text: text)
    }
}

extension ClusterScheduling {
    /// `schedulable`, `cordoned`, or that it is emptied and until when.
    var words: String {
        switch self {
        case .schedulable: "schedulable"
        case .cordoned: "cordoned"
        case .draining(let until): "draining" + (until.map { " until \(Moment($0).text)" } ?? "")
        }
    }
}

extension ClusterTrust {
    /// From `unclaimed`, `owner`, `federation` or groups with commas between them; nil for nothing.
    package init?(word: String) {
        switch word {
        case "": return nil
        case "unclaimed": self = .unclaimed
        case "owner": self = .ownerOnly
        case "federation": self = .federation
        default:
            self = .groups(Set(word.split(separator: ",").map { $0.trimmingPrefix(" ") }.map(String.init)))
        }
    }
}
