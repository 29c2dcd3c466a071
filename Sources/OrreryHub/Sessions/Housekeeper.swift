import Foundation
import Logging
import OrreryCrypto
import OrreryStore
import ServiceLifecycle

/// Removes what has expired, every ten minutes: logins, logins under way, tokens, codes, remembered logouts, what is kept of
/// logins that nobody needs, and the records of the audit log that are old enough.
struct Housekeeper: Service {
    let logins: any LoginStore
    let tokens: any TokenStore
    let ended: any GateStore
    let credentials: any CredentialStore
    /// How long nobody needs to log in again.
    let longest: Duration
    let audit: AuditLog
    let keys: KeyRing
    let files: any TokenFileStore
    let clusters: any ClusterStore
    let now: @Sendable () -> Date
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: .seconds(600))) != nil { await self.sweep() }
        }
    }

    func sweep() async {
        await audit.trim()
        checkKeys()
        do {
            let rows =
                try await logins.removeExpiredLogins(at: now()) + tokens.removeExpiredTokens(at: now())
                + ended.removeEndedLogins(at: now()) + files.removeEndedTokenFiles()
                + credentials.removeIdleCredentials(before: now() - longest.seconds)
                + clusters.removeExpiredJoins(at: now())
            if rows > 0 { logger.debug("expired records removed", metadata: ["rows": "\(rows)"]) }
        } catch {
            logger.warning("expired records could not be removed", metadata: ["error": "\(error)"])
        }
    }

    /// A key file that was damaged meanwhile would be found at the next start only, when it is too late to look at it.
    private func checkKeys() {
        do throws(CryptoError) { try keys.reload() } catch {
            logger.error("the keys read before are used on", metadata: ["error": "\(error.message)"])
        }
    }
}
