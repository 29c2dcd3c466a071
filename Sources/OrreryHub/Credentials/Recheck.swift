import Foundation
import Logging
import OrreryIdentity
import OrreryModel
import OrreryStore
import ServiceLifecycle

/// Asks issuers again which groups people are in: every `auth.session.recheck` for whoever is at a browser, in the hub or in
/// a notebook, or has programs that call, and before every start of a session.
///
/// What an issuer says takes effect at once. One that says nothing takes nothing away.
struct Recheck: Service {
    let credentials: Credentials
    let store: any CredentialStore & LoginStore & PersonStore
    let enrolment: Enrolment
    let logins: Logins
    let farewell: Farewell
    let audit: AuditLog
    let now: @Sendable () -> Date
    let logger: Logger

    /// How many issuers are waited for at once.
    static let width = 8

    /// How long an answer is good enough for a start: of many at once one asks.
    static let freshness = Duration.seconds(10)

    /// What is known of somebody's groups after asking.
    enum Verdict: Hashable, Sendable {
        /// They are as the issuer says now.
        case confirmed
        /// The issuer has ended the login through which it vouched for the person.
        case ended
        /// They are as the issuer said before.
        case unknown
    }

    private var limits: HubConfiguration.SessionLimits { enrolment.auth.session }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let pause = min(self.limits.recheck / 2, .seconds(60))
            while (try? await Task.sleep(for: pause)) != nil { await self.round() }
        }
    }

    /// Asks about everybody whose time has come.
    func round() async {
        do {
            let instant = now()
            // A browser is noted once a minute.
            let seen = instant - limits.recheck.seconds - 60
            let people = try await store.dueForRecheck(
                seenAfter: seen, checkedBefore: instant - limits.recheck.seconds, at: instant)
            await withTaskGroup(of: Void.self) { group in
                for (place, person) in people.enumerated() {
                    if place >= Self.width { await group.next() }
                    // A hub that stops does not go through everybody first.
                    guard group.addTaskUnlessCancelled(operation: { await self.tryCheck(person) }) else { break }
                }
            }
        } catch {
            logger.warning("groups could not be read again", metadata: ["error": "\(error)"])
        }
    }

    private func tryCheck(_ person: Int64) async {
        // Whoever stops is not kept by an issuer's answer, which is taken all the same when it comes.
        do { _ = try await within(.seconds(60)) { try await self.check(person) } } catch {
            // A hub that stops has not failed: the person's time has come for the one that starts next.
            if Task.isCancelled { return }
            logger.warning(
                "somebody's groups could not be read again", metadata: ["person": "\(person)", "error": "\(error)"])
        }
    }

    /// Asks the issuer of the person's last login, and does what follows from its answer.
    /// What it has said within `age` is as good.
    func check(_ person: Int64, unlessWithin age: Duration = .zero) async throws -> Verdict {
        // Again when the person has logged in anew meanwhile: then that login's issuer is the one to ask.
        for _ in 0..<3 {
            guard let record = try await store.latestCredential(person: person) else { return .unknown }
            if record.endedAt != nil { return .ended }
            guard record.sealed != nil else { return .unknown }
            switch try await credentials.reread(record, unlessWithin: age) {
            case .said(let claimant, let record):
                if try await apply(claimant, of: record) { return .confirmed }
            case .excluded(let error, let record):
                logger.notice(
                    "issuer does not say what is required of somebody any more",
                    metadata: ["person": "\(person)", "issuer": "\(record.issuer)", "reason": "\(error.detail)"])
                if try await apply(nil, of: record) { return .confirmed }
            case .ended: return .ended
            case .unknown: return .unknown
            }
        }
        return .unknown
    }

    /// Throws, in words for the person, when a session of `person` must not start now for want of a word of the issuer.
    /// False when `person`, as the caller has it, is who they are still.
    @discardableResult
    func beforeStart(of person: PersonRecord) async throws -> Bool {
        let verdict = try await check(person.id, unlessWithin: Self.freshness)
        guard let objection = try await objection(to: person, verdict) else {
            if verdict != .unknown { return true }
            // An answer may have been passed over for a login that came while the issuer was asked.
            return try await store.person(id: person.id) != person
        }
        await audit.record(AuditAct(.spawnRefused, of: person, because: objection.message))
        throw objection
    }

    private func objection(to person: PersonRecord, _ verdict: Verdict) async throws -> HubError? {
        if verdict == .confirmed { return nil }
        if verdict == .unknown, now() <= person.lastLogin + limits.max.seconds { return nil }
        let record = try await store.latestCredential(person: person.id)
        if verdict == .ended {
            return HubError(
                .forbidden, "\(title(of: record?.issuer)) does not vouch for your login any more",
                next: "log out, log in again, and start then")
        }
        let last = max(record?.checkedAt ?? .distantPast, person.lastLogin)
        guard now() > last + limits.max.seconds else { return nil }
        return HubError(
            .forbidden, "it is too long ago that your groups were confirmed", next: "log in again, and start then")
    }

    private func title(of issuer: String?) -> String {
        enrolment.auth.issuers.first { $0.label == issuer }?.title ?? "your login provider"
    }
}
