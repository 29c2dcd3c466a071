package import OrreryModel

/// One of several things about a session that are stored together. Changes must be quick and without effects of their own.
package enum SessionStep: Sendable {
    /// Changes what is variable.
    case change(@Sendable (inout SessionRecord) -> Void)
    /// Changes it, and adds an event with the state and the message that the session then has.
    case advance(@Sendable (inout SessionRecord) -> Void)
    /// The same, if it waits for room; else nothing.
    case advanceWaiting(@Sendable (inout SessionRecord) -> Void)
    /// Adds an event to its story and changes nothing.
    case note(SessionState, String)
}
