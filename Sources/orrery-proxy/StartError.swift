/// Why the proxy cannot start though its options are written as they should be. Its sentence is all that is said: how options
/// are written would be no help.
struct StartError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
