import Foundation
import Logging
import OrreryIdentity
import OrreryModel
import OrreryStore

extension Credentials {
    /// What came of asking an issuer for somebody's groups.
    enum Reading: Sendable {
        /// The issuer says this, about the person of this credential.
        case said(Claimant, CredentialRecord)
        /// The issuer says that the person may not enter through it any more.
        case excluded(IdentityError, CredentialRecord)
        /// The issuer has ended the login.
        case ended
        /// Nothing is known: the issuer is away, or says nothing without a new login.
        case unknown
    }

    /// When an issuer said it.
    struct Answer {
        let reading: Reading
        let login: Date
        let at: Date

        /// The reading, if it is about the same login and not older than `age`.
        func good(for record: CredentialRecord, within age: Duration, at now: Date) -> Reading? {
            login == record.loginAt && (0..<age.seconds).contains(now.timeIntervalSince(at)) ? reading : nil
        }
    }

    func remember(_ reading: Reading, of place: Place) {
        let instant = now()
        answers = answers.filter { instant.timeIntervalSince($0.value.at) < Recheck.freshness.seconds }
        guard case .said(_, let record) = reading else { return }
        answers[place] = Answer(reading: reading, login: record.loginAt, at: instant)
    }

    func read(_ place: Place) async throws -> Reading {
        do {
            for _ in 0..<3 {
                let open = try await open(place)
                if let reading = try await read(open) { return reading }
            }
            return .unknown
        } catch Trouble.ended {
            return .ended
        } catch is Trouble {
            return .unknown
        }
    }

    /// Nil when somebody has logged in anew meanwhile.
    private func read(_ open: CredentialVault.Open) async throws -> Reading? {
        guard open.tokens.refresh != nil else {
            guard now() < open.tokens.end else { return .unknown }
            return try await ask(open, with: Secret(open.tokens.access), after: nil)
        }
        guard let renewal = try await renew(open, scopes: nil) else { return nil }
        return try await ask(open, with: renewal.tokens.access, after: renewal)
    }

    private func ask(
        _ open: CredentialVault.Open, with access: Secret, after renewal: Renewal?
    ) async throws -> Reading {
        do {
            let claimant = try await issuers.reread(open.record.issuer, open.login, access: access, after: renewal)
            return claimant.map { .said($0, open.record) } ?? .unknown
        } catch let error as IdentityError {
            if error.kind == .insufficient { return .excluded(error, open.record) }
            // A refresh a moment ago shows that the login goes on, whatever the userinfo endpoint thinks of its token.
            if renewal != nil || error.kind != .revoked {
                logger.warning(
                    "issuer does not say somebody's groups",
                    metadata: [
                        "person": "\(open.record.person)", "issuer": "\(open.record.issuer)",
                        "reason": "\(error.detail)",
                    ])
                return .unknown
            }
            throw try await failure(error, of: open)
        }
    }

    /// Forgets what is kept of `person` at `issuer`, or everywhere, and gives the refresh tokens back where the issuer takes
    /// them. An issuer that does not answer is not waited for longer than five seconds; whether all of them answered.
    @discardableResult
    func giveBack(person: Int64, issuer: String? = nil) async throws -> Bool {
        let records =
            if let issuer {
                try await vault.store.removeCredential(person: person, issuer: issuer).map { [$0] } ?? []
            } else {
                try await vault.store.removeCredentials(person: person)
            }
        for record in records { narrowed = narrowed.filter { $0.key.place.person != record.person } }
        return await withTaskGroup(of: Bool.self) { group in
            for record in records { group.addTask { await self.revoke(record) } }
            var isAnswered = true
            for await answered in group where !answered { isAnswered = false }
            return isAnswered
        }
    }

    private func revoke(_ record: CredentialRecord) async -> Bool {
        do {
            guard let refresh = try vault.open(record)?.tokens.refresh else { return true }
            try await issuers.revoke(record.issuer, Secret(refresh))
            return true
        } catch {
            logger.notice(
                "refresh token could not be given back; it is forgotten here",
                metadata: ["issuer": "\(record.issuer)", "reason": "\(error)"])
            return (error as? IdentityError)?.kind != .unreachable
        }
    }
}
