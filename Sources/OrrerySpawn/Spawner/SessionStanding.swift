package import OrreryModel
import OrreryStore

/// How a session stands: its state and the newest sentence about it.
package struct SessionStanding: Hashable, Sendable {
    package let state: SessionState
    package let message: String

    init(state: SessionState, message: String) { (self.state, self.message) = (state, message) }

    init(_ event: SessionEventRecord) { self.init(state: event.state, message: event.message) }

    init(_ record: SessionRecord) { self.init(state: record.state, message: record.message) }
}
