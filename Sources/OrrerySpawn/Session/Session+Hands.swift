import OrreryStore

extension Session {
    /// What its task has in its hands between two inputs.
    struct Hands {
        /// Decided, and not in the store yet.
        private(set) var unstored: [SessionStep] = []
        /// Which start of every limit is the current one: a limit that was forgotten or started again runs out unheard.
        private var generations: [SessionLimit: Int] = [:]

        func isCurrent(_ limit: SessionLimit, _ generation: Int) -> Bool { generations[limit] == generation }

        mutating func renew(_ limit: SessionLimit) -> Int {
            generations[limit, default: 0] += 1
            return generations[limit, default: 0]
        }

        mutating func take(_ step: SessionStep) { unstored.append(step) }

        mutating func stored() { unstored = [] }
    }
}
