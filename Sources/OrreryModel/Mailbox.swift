public import Synchronization

// Public, not `package`: Swift 6.3 compiles only public declarations anew for what another module puts in.

/// Hands what anybody puts in to its one reader, in the order in which it came. Nothing is lost, and nobody who puts waits.
///
/// `AsyncStream` does the same with storage that is compiled once for all elements, and took 8 µs for each input of a session;
/// this is compiled where it is used.
///
/// Concurrency: anybody may put or close; one task takes.
public final class Mailbox<Element: Sendable>: Sendable {
    @usableFromInline
    struct State {
        /// Those that were taken are nil; never more of them than of the others.
        @usableFromInline var elements: [Element?] = []
        /// The place of the next.
        @usableFromInline var next = 0
        @usableFromInline var reader: CheckedContinuation<Element?, Never>?
        @usableFromInline var isClosed = false

        @inlinable init() {}

        @inlinable mutating func take() -> Element? {
            guard next < elements.count else { return nil }
            let element = elements[next].take()
            next += 1
            // Once they are most of it, so that a mailbox that is never quite empty does not grow.
            if next * 2 > elements.count {
                elements.removeFirst(next)
                next = 0
            }
            return element
        }
    }

    @usableFromInline let state = Mutex(State())

    @inlinable public init() {}

    /// Whether there is nothing to take now.
    @inlinable public var isEmpty: Bool { state.withLock { $0.elements.isEmpty } }

    /// False, and the element is not in it, once it is closed.
    @discardableResult
    @inlinable public func put(_ element: Element) -> Bool {
        let (reader, isOpen) = state.withLock { state in
            guard !state.isClosed else { return (CheckedContinuation<Element?, Never>?.none, false) }
            let reader = state.reader.take()
            if reader == nil { state.elements.append(element) }
            return (reader, true)
        }
        reader?.resume(returning: element)
        return isOpen
    }

    /// The next one, for which it waits. Nil when it is closed and everything has been taken; cancelling the task closes it.
    @inlinable public func next() async -> Element? {
        if let element = state.withLock({ $0.take() }) { return element }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Element?? = state.withLock { state in
                    if let element = state.take() { return element }
                    guard !state.isClosed else { return .some(nil) }
                    precondition(state.reader == nil, "two tasks read one mailbox")
                    state.reader = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            close()
        }
    }

    /// Nothing can be put in any more.
    @inlinable public func close() {
        let reader = state.withLock { state in
            state.isClosed = true
            return state.reader.take()
        }
        reader?.resume(returning: nil)
    }
}
