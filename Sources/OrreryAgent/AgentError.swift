/// Why the agent cannot do what it was asked: whose doing it is, and what to do next. `description` is fit for the terminal.
package enum AgentError: Error, Equatable, CustomStringConvertible {
    /// The site admin's: an option, a variable or a file.
    case configuration(String)
    /// The cluster's API refused something that the agent needs.
    case cluster(String)
    /// The agent's key cannot be read, made or kept.
    case key(String)
    /// This machine gave no descriptor, memory or thread.
    case machine(String)

    package var description: String {
        switch self {
        case .configuration(let text), .cluster(let text), .key(let text), .machine(let text): text
        }
    }
}
