import Foundation
import Logging
import OrreryCrypto
import OrreryIdentity
import OrreryModel
import OrreryStore

// What happens for one person and issuer in its turn. `place` is never worked on twice at once.
extension Credentials {
    struct Unsaved {
        let before: CredentialVault.Open
        let tokens: KeptTokens
    }

    struct Narrow: Hashable {
        let place: Place
        let scopes: [String]
    }

    /// Why there is no token.
    enum Trouble: Error {
        /// Nobody logged in there, nothing was kept, or what was kept has ended.
        case nothing
        /// The issuer has ended it, now or before.
        case ended
        /// The issuer does not answer, or not as it should.
        case away(IdentityError)
    }

    func issue(_ wish: Wish) async throws -> IssuedToken {
        do {
            return try await token(for: wish)
        } catch Trouble.away(let error) {
            throw HubError(any: error)
        } catch is Trouble {
            throw HubError(
                .forbidden, "this hub holds no valid login of yours at \(wish.place.issuer) any more",
                next: "log out, and log in there again")
        }
    }

    private func token(for wish: Wish) async throws -> IssuedToken {
        // Again when somebody has logged in anew meanwhile: then that login's tokens are as good as new.
        for _ in 0..<3 {
            let open = try await open(wish.place)
            if let token = kept(open, for: wish, lasting: wish.lasting) { return token }
            do {
                guard let renewal = try await renew(open, scopes: wish.scopes) else { continue }
                return remember(renewal, for: wish)
            } catch Trouble.away(let error) {
                // The old one is not thrown away for an error.
                guard let token = kept(open, for: wish, lasting: .zero) else { throw Trouble.away(error) }
                return token
            }
        }
        throw HubError(.unavailable, "your login at \(wish.place.issuer) is changing", next: "try again in a moment")
    }

    /// A token that is at hand and good for `time` more.
    private func kept(_ open: CredentialVault.Open, for wish: Wish, lasting time: Duration) -> IssuedToken? {
        guard let scopes = wish.scopes else {
            let tokens = open.tokens
            guard tokens.end.lasts(time, from: tokens.start, at: now()) else { return nil }
            return IssuedToken(
                token: Secret(tokens.access), scopes: tokens.scopes, start: tokens.start, end: tokens.end)
        }
        guard let token = narrowed[Narrow(place: wish.place, scopes: scopes)],
            token.end.lasts(time, from: token.start, at: now())
        else { return nil }
        return token
    }

    private func remember(_ renewal: Renewal, for wish: Wish) -> IssuedToken {
        let (tokens, instant) = (renewal.tokens, now())
        let token = IssuedToken(
            token: tokens.access, scopes: tokens.scopes, start: instant,
            end: tokens.accessEnd ?? instant + KeptTokens.unknownLife)
        guard let scopes = wish.scopes else { return token }
        narrowed = narrowed.filter { $0.value.end > instant }
        narrowed[Narrow(place: wish.place, scopes: scopes)] = token
        return token
    }

    /// The credential as it is now, with what could not be stored before.
    func open(_ place: Place) async throws -> CredentialVault.Open {
        if let waiting = unsaved[place] {
            _ = try await vault.renew(waiting.before, with: waiting.tokens)
            unsaved[place] = nil
        }
        guard let record = try await vault.store.credential(person: place.person, issuer: place.issuer) else {
            throw Trouble.nothing
        }
        if record.endedAt != nil { throw Trouble.ended }
        do {
            guard let open = try vault.open(record) else { throw Trouble.nothing }
            return open
        } catch let error as CryptoError where error.kind == .sealed {
            // Its key was retired, or the row is another's: nobody can ever use it.
            logger.warning(
                "credential cannot be opened and is forgotten",
                metadata: ["person": "\(place.person)", "issuer": "\(place.issuer)", "reason": "\(error.message)"])
            _ = try await vault.store.end(record, at: now())
            throw Trouble.ended
        }
    }

    /// Refreshes and stores. Nil when somebody has logged in anew meanwhile, whose tokens stay. Of an answer that cannot be
    /// verified now the refresh token is stored, and the rest is as if the issuer had not answered.
    func renew(_ open: CredentialVault.Open, scopes: [String]?) async throws -> Renewal? {
        let place = Place(person: open.record.person, issuer: open.record.issuer)
        guard let refresh = open.tokens.refresh else { throw Trouble.nothing }
        if let patience = patience[place], patience.isOn(at: now()) { throw Trouble.away(patience.error) }
        if isStopping { throw HubError(.unavailable, "the hub is stopping", next: "try again in a moment") }
        let renewal: Renewal
        do {
            renewal = try await issuers.refresh(place.issuer, Secret(refresh), scopes: scopes, of: open.login)
        } catch let error as IdentityError {
            throw try await failure(error, of: open)
        }
        if renewal.doubt == nil { patience[place] = nil }
        let isWhole = scopes == nil && renewal.doubt == nil
        let tokens = open.tokens.renewed(renewal.tokens, isWhole: isWhole, at: now())
        unsaved[place] = Unsaved(before: open, tokens: tokens)
        let isStored = try await vault.renew(open, with: tokens)
        unsaved[place] = nil
        guard isStored else { return nil }
        if let doubt = renewal.doubt { throw try await failure(doubt, of: open) }
        return renewal
    }

    /// What an error of the issuer means for a credential: a no ends it, and silence does not.
    func failure(_ error: IdentityError, of open: CredentialVault.Open) async throws -> Trouble {
        let place = Place(person: open.record.person, issuer: open.record.issuer)
        switch error.kind {
        // What came cannot be believed, and the refresh token is used up.
        case .revoked, .unbelievable:
            patience[place] = nil
            if try await vault.store.end(open.record, at: now()) {
                logger.notice(
                    "issuer ended a login's credential",
                    metadata: [
                        "person": "\(place.person)", "issuer": "\(place.issuer)", "reason": "\(error.detail)",
                    ])
            }
            return .ended
        default:
            if patience[place] == nil {
                logger.warning(
                    "issuer does not renew a login's credential, which is kept",
                    metadata: [
                        "person": "\(place.person)", "issuer": "\(place.issuer)", "reason": "\(error.detail)",
                    ])
            }
            patience[place] = Patience(error, after: patience[place], at: now())
            return .away(error)
        }
    }
}
