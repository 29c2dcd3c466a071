import Logging
import OrreryHub

extension ConfigurationFile {
    /// Runs `body` with the database and the keys of this configuration; what goes wrong ends the program with one sentence.
    func inBackroom<Value>(_ body: (Backroom) async throws -> Value) async throws -> Value {
        let configuration = try read()
        let logger = Logger(label: "orrery") { StreamLogHandler.standardError(label: $0) }
        do { return try await body(Backroom(configuration, logger: logger)) } catch { throw Failure("\(error)") }
    }
}
