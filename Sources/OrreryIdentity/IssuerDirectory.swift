package import Foundation
package import Logging
package import OrreryFetch
import Synchronization

/// Every issuer of a hub: begins and finishes logins, and knows which of them can be reached.
///
/// Discovery documents and key sets are fetched when first needed, refreshed in the background, and kept while the
/// issuer is away for up to two days, so that a login that is under way can be finished. A new one begins only at an
/// issuer that answers.
///
/// Concurrency: any number of tasks may call it at once; a fetch of one document is shared by all who wait for it.
package final class IssuerDirectory: Sendable {
    let issuers: [any Voucher]
    let seenLogouts = Mutex(SeenTokens())
    let rules: GroupRules

    package init(
        issuers: [IssuerConfiguration], rules: [GroupRule], fetcher: Fetcher, logger: Logger,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.issuers = issuers.map { issuer in
            switch issuer.type {
            case .openID: Issuer(issuer, fetcher: fetcher, logger: logger, now: now)
            case .gitHub: GitHub(issuer, fetcher: fetcher, now: now)
            }
        }
        self.rules = GroupRules(rules: rules)
    }

    /// Starts a login at the issuer called `label`.
    package func begin(
        _ label: String, _ demand: LoginDemand = .usual
    ) async throws(IdentityError) -> LoginStart {
        try await issuer(label).begin(demand)
    }

    /// Finishes a login with the parameters that the issuer sent to our callback. Throws unless the answer belongs to
    /// `transaction` and everything in the ID token holds.
    package func finish(
        _ label: String, _ transaction: LoginTransaction, query: [String: String]
    ) async throws(IdentityError) -> Claimant {
        try await issuer(label).finish(transaction, query: query, rules: rules)
    }

    /// Whether each issuer can be used now, in the order of the configuration. Asks an issuer that
    /// has not answered for three seconds; one that is away not more than once in ten, however often the login
    /// page is opened.
    package func status() async -> [IssuerStatus] {
        await withTaskGroup(of: (Int, IssuerStatus).self) { group in
            for (place, issuer) in issuers.enumerated() { group.addTask { (place, await issuer.status()) } }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    func issuer(_ label: String) throws(IdentityError) -> any Voucher {
        guard let issuer = issuers.first(where: { $0.label == label }) else {
            throw IdentityError(
                .unknownIssuer, issuer: label, sentence: "There is no such login here; choose one on the login page.",
                detail: "no issuer has this label")
        }
        return issuer
    }
}

/// One line of the login page.
package struct IssuerStatus: Hashable, Sendable {
    package let label: String
    package let title: String
    /// Why it cannot be used now, as a sentence for people; nil when it can.
    package let refusal: String?

    package init(label: String, title: String, refusal: String?) {
        self.label = label
        self.title = title
        self.refusal = refusal
    }
}
