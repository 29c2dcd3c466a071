/// Why something that was said over a tunnel, or about one, is not understood. All of them are the other side's doing,
/// and none is better the second time. The sentences never repeat what was said: there may be a token in it.
package enum LinkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The join string.
    case joinString(String)
    /// A frame of `count` bytes where `limit` are allowed.
    case longFrame(count: Int, limit: Int)
    /// What a frame holds.
    case frame(String)
    /// The greeting of a data connection.
    case greeting(String)
    /// The first bytes of a connection that is handed to an agent.
    case handoff(String)
    /// What an agent says before the first byte.
    case answer(String)

    package var description: String {
        switch self {
        case .joinString(let problem):
            "the join string \(problem); it is orrery://host[:port][/id.secret][#pin=sha256:BASE64[,sha256:BASE64]]"
        case .longFrame(let count, let limit): "a frame of \(count) bytes where at most \(limit) are taken"
        case .frame(let problem): "a frame \(problem)"
        case .greeting(let problem): "the greeting of a data connection \(problem)"
        case .handoff(let problem): "a hand-off \(problem)"
        case .answer(let problem): "the answer to a hand-off \(problem)"
        }
    }
}
