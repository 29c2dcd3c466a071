import OrreryPolicy

extension PlaceView {
    /// Nil where nothing can be started, and nothing waited for.
    init?(_ placement: Placement) {
        guard let best = placement.verdicts.first else { return nil }
        let others = placement.verdicts.dropFirst().map { $0.notHere ?? "\($0.title): \($0.score) points" }
        switch placement.outcome {
        case .placed:
            self.init(
                title: "\(best.title), with \(best.score) points", terms: best.terms.map(\.text), others: others,
                isSelected: true)
        case .queued:
            let full = placement.verdicts.compactMap(\.fullness)
            self.init(title: "you would wait in the queue", terms: [], others: full, isSelected: true)
        case .refused: return nil
        }
    }
}
