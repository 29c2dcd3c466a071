import Foundation
import Logging
import OrreryHub

extension ConfigurationFile {
    /// Runs `body` with the database and the keys of this configuration; what goes wrong ends the program with one sentence.
    func inBackroom<Value>(_ body: (Backroom) async throws -> Value) async throws -> Value {
        let configuration = try read()
        let logger = Logger(label: "orrery") { OneLineLogHandler(label: $0) }
        do { return try await body(Backroom(configuration, logger: logger)) } catch { throw Failure("\(error)") }
    }

    /// The clusters of `configuration`, and those that have joined where the hub's database can be read; else says on standard
    /// error why they are not known.
    func knownClusters(_ configuration: HubConfiguration) async -> KnownClusters {
        let known = await KnownClusters.of(configuration)
        if let gap = known.gap {
            FileHandle.standardError.write(
                Data("warning: only the clusters of the configuration are known: \(gap)\n".utf8))
        }
        return known
    }
}
