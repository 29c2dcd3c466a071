import Foundation
import Logging
import OrreryCrypto
import OrreryFetch
import Synchronization

/// One issuer: its configuration and the two documents that it publishes.
final class Issuer: Sendable {
    let configuration: IssuerConfiguration
    let source: IssuerSource
    let now: @Sendable () -> Date
    /// Whether the userinfo endpoint says groups as the ID token does; nil while nobody has been seen for whom it should.
    let saysGroupsAtUserinfo = Mutex<Bool?>(nil)
    private let metadataShelf: Shelf<ProviderMetadata>
    private let keyShelf: Shelf<KeySet>

    init(_ configuration: IssuerConfiguration, fetcher: Fetcher, logger: Logger, now: @escaping @Sendable () -> Date) {
        self.configuration = configuration
        self.now = now
        var logger = logger
        logger[metadataKey: "issuer"] = "\(configuration.label)"
        let source = IssuerSource(configuration: configuration, fetcher: fetcher)
        self.source = source
        let metadata = Shelf(now: now, logger: logger) { () async throws(IdentityError) in try await source.metadata() }
        metadataShelf = metadata
        keyShelf = Shelf(now: now, logger: logger) { [logger] () async throws(IdentityError) in
            let keys = try await source.keys(at: metadata.value().keys)
            if !keys.value.ambiguousNames.isEmpty {
                logger.warning(
                    "issuer publishes several keys of one name, none of which is used",
                    metadata: ["kids": "\(keys.value.ambiguousNames.sorted())"])
            }
            return keys
        }
    }

    var label: String { configuration.label }

    func metadata() async throws(IdentityError) -> ProviderMetadata { try await metadataShelf.value() }

    /// The document, when the issuer is there to receive somebody.
    func metadataBeforeDeparture() async throws(IdentityError) -> ProviderMetadata {
        try await metadataShelf.valueBeforeDeparture()
    }

    /// Has the keys at hand. Throws when they cannot be had.
    func fetchKeys() async throws(IdentityError) { _ = try await keyShelf.value() }

    /// The claims of `token` when one of the issuer's keys made it.
    func verify(_ token: SignedToken) async throws(IdentityError) -> VerifiedClaims {
        let result = try await check(token)
        do throws(CryptoError) { return try result.get() } catch { throw unbelievable(error) }
    }

    /// As `verify`; `.unknownKey` is left to the caller to judge. A key that we do not know may be new: the set is fetched
    /// again, at most once a minute. Throws when no keys can be had.
    func check(_ token: SignedToken) async throws(IdentityError) -> Result<VerifiedClaims, CryptoError> {
        let first = Self.claims(of: token, by: try await keyShelf.value())
        guard case .failure(let error) = first, error.kind == .unknownKey, let newer = await keyShelf.newer() else {
            return first
        }
        return Self.claims(of: token, by: newer)
    }

    private static func claims(of token: SignedToken, by keys: KeySet) -> Result<VerifiedClaims, CryptoError> {
        Result { () throws(CryptoError) in
            VerifiedClaims(
                claims: try token.claims(verifiedBy: keys.key(for: token)), algorithm: token.algorithm,
                type: token.type)
        }
    }

    func unbelievable(_ error: CryptoError) -> IdentityError {
        IdentityError(.unbelievable, at: configuration, error.message)
    }

    /// Both documents are needed for a login, so both are looked at.
    func status() async -> IssuerStatus {
        var refusal: String?
        do throws(IdentityError) {
            _ = try await metadataShelf.valueBeforeDeparture()
            _ = try await keyShelf.value()
        } catch { refusal = error.sentence }
        return IssuerStatus(label: configuration.label, title: configuration.title, refusal: refusal)
    }
}
