import OrreryModel
import OrreryPolicy

extension PlaceView {
    /// Nil where nothing can be started, and nothing waited for.
    init?(_ placement: Placement) {
        guard let best = placement.verdicts.first else { return nil }
        let others = placement.verdicts.dropFirst().map {
            $0.notHere ?? "\($0.title) would do, but less speaks for it (\($0.score) of \(best.score) points)"
        }
        switch placement.outcome {
        case .placed:
            self.init(
                title: others.isEmpty ? best.title : "now that is \(best.title)", terms: best.terms.map(\.text),
                others: others,
                isSelected: false)
        case .queued:
            let full = placement.verdicts.compactMap(\.fullness)
            self.init(title: "you would wait in the queue", terms: [], others: full, isSelected: true)
        case .refused: return nil
        }
    }
}

extension Placement {
    /// Whether that is where it would go now: its tile is chosen at first, so that its files are seen.
    func isPlaced(on cluster: String) -> Bool {
        if case .placed(let plan) = outcome { plan.cluster.isExactly(cluster) } else { false }
    }
}
