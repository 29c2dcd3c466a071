import Foundation
import Logging
import OrreryCrypto
import OrreryStore
import ServiceLifecycle

/// Removes what has expired, every ten minutes: logins, logins under way, tokens, codes, remembered logouts, what is kept of
/// logins that nobody needs, the records of the audit log that are old enough, and sessions that ended long ago.
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
    let sessions: any SessionStore
    let now: @Sendable () -> Date
    let logger: Logger
    /// So many sessions go in one transaction: others write between two.
    var portion = 200

    /// How long a session that has ended stays: far longer than shares are reckoned with, and than a cluster that is away for a
    /// while needs until what its sessions left there has been found.
    static let memory = Duration.seconds(90 * 86_400)

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
            try await removeEndedSessions()
        } catch {
            logger.warning("expired records could not be removed", metadata: ["error": "\(error)"])
        }
    }

    private func removeEndedSessions() async throws {
        let last = now() - Self.memory.seconds
        var (removed, gone) = (0, portion)
        while gone == portion, !Task.isCancelled {
            gone = try await sessions.removeEnded(before: last, atMost: portion)
            removed += gone
        }
        if removed > 0 { logger.info("sessions that ended long ago removed", metadata: ["sessions": "\(removed)"]) }
    }

    /// A key file that was damaged meanwhile would be found at the next start only, when it is too late to look at it.
    private func checkKeys() {
        do throws(CryptoError) { try keys.reload() } catch {
            logger.error("the keys read before are used on", metadata: ["error": "\(error.message)"])
        }
    }
}
