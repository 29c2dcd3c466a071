import Foundation
import Logging

/// Keeps one document of an issuer, and fetches it when `ShelfLife` says so.
///
/// Concurrency: an actor. All who need the document while a fetch is under way wait for that one fetch, which goes on
/// even when the login that caused it is cancelled.
actor Shelf<Value: Sendable> {
    typealias Outcome = Result<Value, IdentityError>

    private var life = ShelfLife<Value>()
    private var fetch: Task<Outcome, Never>?
    private let now: @Sendable () -> Date
    private let logger: Logger
    private let source: @Sendable () async throws(IdentityError) -> Perishable<Value>

    init(
        now: @escaping @Sendable () -> Date, logger: Logger,
        source: @escaping @Sendable () async throws(IdentityError) -> Perishable<Value>
    ) {
        self.now = now
        self.logger = logger
        self.source = source
    }

    /// The document. Waits for the network only when there is none that may still be used.
    func value() async throws(IdentityError) -> Value { try await act(on: life.decision(at: now())) }

    /// The document, when its issuer answers now or did a moment ago.
    func valueBeforeDeparture() async throws(IdentityError) -> Value {
        try await act(on: life.decisionBeforeDeparture(at: now()))
    }

    private func act(on decision: ShelfLife<Value>.Decision) async throws(IdentityError) -> Value {
        switch decision {
        case .use(let value): return value
        case .useAndFetch(let value):
            _ = fetching()
            return value
        case .fetch: return try await fetching().value.get()
        case .refuse(let error): throw error
        }
    }

    /// The newest document that can be had for a token whose key is unknown; nil when asking failed. When it is too early
    /// to ask, that is the one of the last time: somebody else's token may have brought it a moment ago.
    func newer() async -> Value? {
        if let fetch { return try? await fetch.value.get() }
        guard life.mayFetchNewer(at: now()) else { return life.value }
        return try? await fetching().value.get()
    }

    private func fetching() -> Task<Outcome, Never> {
        if let fetch { return fetch }
        let task = Task { [source] () async -> Outcome in
            do throws(IdentityError) {
                return .success(arrived(try await source()))
            } catch {
                failed(error)
                return .failure(error)
            }
        }
        fetch = task
        return task
    }

    private func arrived(_ document: Perishable<Value>) -> Value {
        fetch = nil
        if life.arrived(document.value, freshFor: document.freshness, at: now()) {
            logger.notice("issuer answers again")
        }
        return document.value
    }

    private func failed(_ error: IdentityError) {
        fetch = nil
        if life.failed(error, at: now()) { logger.warning("issuer is away", metadata: ["reason": "\(error.detail)"]) }
    }
}
