import Foundation
package import Logging
import OrreryCrypto
import OrreryStore

/// What commands do on the hub's machine, in its database and with its keys, while the hub runs or not. They have to run
/// as the hub's account.
package struct Backroom: Sendable {
    let database: Database
    let keys: KeyRing
    let audit: AuditLog
    let configuration: HubConfiguration

    /// Throws `.cannotStart` with one sentence when database or keys cannot be opened. Changes neither.
    package init(_ configuration: HubConfiguration, logger: Logger) throws(HubError) {
        self.configuration = configuration
        do throws(StoreError) {
            database = try Database(beside: configuration.database)
        } catch {
            throw HubError(.cannotStart, error.message, next: error.next)
        }
        do throws(CryptoError) {
            keys = try KeyRing(file: configuration.keys)
        } catch {
            throw HubError(.cannotStart, error.message, next: "name the hub's key file under hub.keys")
        }
        audit = AuditLog(store: database, keys: keys, logger: logger, now: { .now })
    }

    /// What `body` gives. What stops it is the operator's to mend: `.cannotStart`, in its own words.
    static func attempt<Value>(_ body: () async throws -> Value) async throws(HubError) -> Value {
        do { return try await body() } catch {
            switch error {
            case let error as HubError: throw error
            case let error as StoreError: throw HubError(.cannotStart, error.message, next: error.next)
            default: throw HubError(.cannotStart, "\(error)")
            }
        }
    }
}
