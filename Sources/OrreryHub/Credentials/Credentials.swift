import Foundation
import Logging
import OrreryIdentity
import OrreryModel
import OrreryStore
import ServiceLifecycle

/// People's tokens at their issuers, renewed when needed.
///
/// A refresh token may work once, and a second use of an old one kills the login at the issuer. So for one person and issuer
/// one thing happens after the other, callers who want the same share one refresh, and the new refresh token is in the store
/// before anybody gets the access token that came with it. A refresh that began goes on when its caller is gone, and a hub that
/// stops waits for it.
///
/// Concurrency: an actor; other people and issuers are never waited for.
actor Credentials: Service {
    struct Place: Hashable {
        let person: Int64
        let issuer: String
    }

    struct Wish: Hashable {
        let place: Place
        let scopes: [String]?
        let lasting: Duration
    }

    let vault: CredentialVault
    let issuers: any LoginIssuers
    let now: @Sendable () -> Date
    let logger: Logger
    var patience: [Place: Patience] = [:]
    /// Tokens that came and could not be stored: nobody gets an access token before they are.
    var unsaved: [Place: Unsaved] = [:]
    /// Access tokens of fewer scopes; they are not stored.
    var narrowed: [Narrow: IssuedToken] = [:]
    /// What issuers have said of late.
    var answers: [Place: Answer] = [:]
    private var issuing: [Wish: Task<IssuedToken, any Error>] = [:]
    private var rereading: [Place: Task<Reading, any Error>] = [:]
    private var last: [Place: (number: Int, end: Task<Void, Never>)] = [:]
    private var turns = 0
    private(set) var isStopping = false

    /// What an answer has at a stop; an issuer that gives none in ten seconds gives none.
    private static let farewell = Duration.seconds(15)

    init(
        vault: CredentialVault, issuers: any LoginIssuers, now: @escaping @Sendable () -> Date, logger: Logger
    ) {
        self.vault = vault
        self.issuers = issuers
        self.now = now
        self.logger = logger
    }

    /// Until the hub stops, which must be after all who ask here. Then nothing is refreshed any more, and what is under way is waited
    /// for: the issuer has ended the old refresh token with its answer, and the new one stands nowhere else.
    func run() async throws {
        try? await gracefulShutdown()
        isStopping = true
        let ends = last.values.map(\.end)
        // A task of its own, because the answers are as dear to a hub that was cancelled.
        await Task { try? await within(Self.farewell) { for end in ends { await end.value } } }.value
    }

    /// An access token of the issuer called `issuer` for `person`, good for `lasting` more if the issuer's tokens live that
    /// long; with `scopes`, one with these of the login's scopes only.
    ///
    /// While the issuer does not answer, what is kept is given as long as it is good at all. Throws a `HubError`: `.forbidden`
    /// when only a new login helps, `.unavailable` when waiting does.
    func access(
        to issuer: String, for person: Int64, scopes: [String]? = nil, lasting: Duration
    ) async throws -> IssuedToken {
        let wish = Wish(
            place: Place(person: person, issuer: issuer), scopes: scopes.map { Set($0).sorted() }, lasting: lasting)
        if let shared = issuing[wish] { return try await shared.value }
        let task = inTurn(wish.place) { credentials in
            defer { credentials.issuing[wish] = nil }
            return try await credentials.issue(wish)
        }
        issuing[wish] = task
        return try await task.value
    }

    /// Asks the issuer of `record` which groups the person is in now, unless it has said so within `age`.
    func reread(_ record: CredentialRecord, unlessWithin age: Duration = .zero) async throws -> Reading {
        let place = Place(person: record.person, issuer: record.issuer)
        if let reading = answers[place]?.good(for: record, within: age, at: now()) { return reading }
        if let shared = rereading[place] { return try await shared.value }
        let task = inTurn(place) { credentials in
            defer { credentials.rereading[place] = nil }
            let reading = try await credentials.read(place)
            // In one step with the end of the question: whoever comes now finds either.
            credentials.remember(reading, of: place)
            return reading
        }
        rereading[place] = task
        return try await task.value
    }

    /// Runs `body` when everything for `place` that was asked for before is over.
    private func inTurn<Value: Sendable>(
        _ place: Place, _ body: @escaping @Sendable (isolated Credentials) async throws -> Value
    ) -> Task<Value, any Error> {
        let earlier = last[place]?.end
        turns += 1
        let number = turns
        let task = Task {
            await earlier?.value
            return try await body(self)
        }
        let end = Task {
            _ = await task.result
            if self.last[place]?.number == number { self.last[place] = nil }
        }
        last[place] = (number, end)
        return task
    }
}
