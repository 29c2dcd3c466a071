import OrreryModel

// From the server's process to its first answer. A kubelet asks once a second; the hub asks the server itself more often and
// goes on with whoever knows first. See docs/decisions/0008.
extension Session.StateMachine {
    /// The container runs at `address`, and is not ready for its cluster yet.
    mutating func knock(at address: String) -> [SessionAction] {
        guard state == .starting, knocking != address else { return [] }
        knocking = address
        knocks = 0
        return [.knock(address)]
    }

    /// The server at `address` was asked and answered, or did not.
    mutating func knocked(_ listens: Bool, at address: String) -> [SessionAction] {
        guard ending == nil, !isMovingOn, state == .starting, knocking == address else { return [] }
        guard listens else {
            knocks += 1
            return [start(.knock, Self.pause(after: knocks))]
        }
        return [enter(.answering, words(for: .answering))] + forget(.listening) + lead(to: address)
    }

    mutating func knockAgain() -> [SessionAction] {
        guard ending == nil, state == .starting, let knocking else { return [] }
        return [.knock(knocking)]
    }

    /// A twentieth of what it has taken so far, from 50 ms to a second: twenty-odd questions to a server that needs two
    /// seconds, and seventy to one that needs half a minute.
    static func pause(after knocks: Int) -> Duration {
        min(.milliseconds(50) * (1...max(1, knocks)).reduce(1.0) { pause, _ in pause * 1.05 }, .seconds(1))
    }

    /// The route to the server, which listens.
    mutating func lead(to address: String) -> [SessionAction] {
        var actions: [SessionAction] = []
        if self.address != address {
            self.address = address
            actions.append(.keepAddress(address))
        }
        return actions + [.openRoute(address)]
    }
}
