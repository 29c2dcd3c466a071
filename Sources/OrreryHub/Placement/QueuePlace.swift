import OrreryModel
import OrreryPolicy

/// Where a session stands in the queue, and what it waits for.
struct QueuePlace: Hashable, Sendable {
    /// 1 is whose turn is next.
    let number: Int
    let of: Int
    /// Why it does not start now, a clause for each cluster.
    let why: [String]

    /// `You are 2nd in the queue: north is full (no free GPU, 8 of 8 in use).`
    var sentence: String {
        let reasons = why.isEmpty ? "" : ": " + why.joined(separator: "; ")
        return "You are \(Self.ordinal(number)) in the queue\(reasons)."
    }

    /// `1st`, `2nd`, `3rd`, `4th`, `11th`, `21st`.
    static func ordinal(_ number: Int) -> String {
        let suffix =
            switch (number % 100, number % 10) {
            case (11...13, _): "th"
            case (_, 1): "st"
            case (_, 2): "nd"
            case (_, 3): "rd"
            default: "th"
            }
        return "\(number)\(suffix)"
    }
}

extension Placement {
    /// What keeps who waits from starting: that clusters are full, or why none could take it at all.
    var obstacles: [String] { verdicts.compactMap { servers.isEmpty ? $0.notHere : $0.fullness } }
}

extension ClusterVerdict {
    /// `North is full (no free GPU, 8 of 8 in use)`; nil where more than room is missing.
    var fullness: String? {
        guard isCandidate, !objections.isEmpty else { return nil }
        return "\(title) is full (\(objections.map(\.refusal.reason).joined(separator: "; ")))"
    }
}
