/// What goes wrong in pocket outside of an answer to a client: whose doing it is stands in the sentence.
package enum PocketError: Error, Equatable, Sendable {
    /// An object of this name is there already.
    case exists(ObjectStore.Key)
    /// The history does not reach back to the version asked for; list again and watch from there.
    case expired(oldest: Int64)
    /// The configuration cannot be used; the operator has to change what the sentence names.
    case configuration(String)
    /// The state directory cannot be read or written; the sentence names the file and the system's reason.
    case state(String)
    /// The machine lacks something or refused a call: a missing tool, no privileges, no address left.
    case machine(String)
}

extension PocketError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .exists(let key): "\(key) exists already"
        case .expired(let oldest): "changes before version \(oldest) are no longer known; list again"
        case .configuration(let sentence), .state(let sentence), .machine(let sentence): sentence
        }
    }
}
