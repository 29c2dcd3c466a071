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
    /// them. An issuer that does not answer is not waited for longer than five seconds.
    func giveBack(person: Int64, issuer: String? = nil) async throws {
        let records =
            if let issuer {
                try await vault.store.removeCredential(person: person, issuer: issuer).map { [$0] } ?? []
            } else {
                try await vault.store.removeCredentials(person: person)
            }
        for record in records { narrowed = narrowed.filter { $0.key.place.person != record.person } }
        await withTaskGroup(of: Void.self) { group in
            for record in records { group.addTask { await self.revoke(record) } }
        }
    }

    private func revoke(_ record: CredentialRecord) async {
        do {
            guard let refresh = try vault.open(record)?.tokens.refresh else { return }
            try await issuers.revoke(record.issuer, Secret(refresh))
        } catch {
            logger.notice(
                "refresh token could not be given back; it is forgotten here",
                metadata: ["issuer": "\(record.issuer)", "reason": "\(error)"])
        }
    }
}
