import OrreryCrypto
import OrreryStore

extension Backroom {
    /// Makes a key file with one new key where the whole file is lost, so that key `id` can be given up (`retire`). Does nothing
    /// where there is a file. Throws when nothing in the database was sealed with `id`.
    package static func replaceKeyFile(
        of configuration: HubConfiguration, givingUp id: UInt32
    ) async throws(HubError) {
        guard KeyRing.isMissing(file: configuration.keys) else { return }
        try await attempt {
            // A hub that runs still has the keys, and would take this file for theirs.
            let lock = try DatabaseLock(besides: configuration.database)
            defer { withExtendedLifetime(lock) {} }
            let lost = try await Database(beside: configuration.database).sealedValues().keys.sorted()
            guard lost.contains(id), let last = lost.last, last < .max else {
                throw HubError(
                    .cannotStart, "nothing in \(configuration.database) was sealed with key \(id)",
                    next: lost.isEmpty
                        ? "start the hub, which makes a key file"
                        : "it was \(lost.map { "key \($0)" }.joined(separator: ", "))")
            }
            // Numbers only rise: what was sealed with the lost key must not be tried with this one.
            _ = try KeyRing(fileMadeIfMissing: configuration.keys, first: last + 1)
        }
    }
}
