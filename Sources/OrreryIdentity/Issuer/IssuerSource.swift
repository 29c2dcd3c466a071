import OrreryCrypto
import OrreryFetch
import OrreryModel

/// Fetches the documents that an issuer publishes and checks them.
struct IssuerSource: Sendable {
    let configuration: IssuerConfiguration
    let fetcher: Fetcher

    func metadata() async throws(IdentityError) -> Perishable<ProviderMetadata> {
        // Discovery 4.1: a slash at the end of the issuer goes before the path is appended.
        let base = configuration.issuer.hasSuffix("/") ? String(configuration.issuer.dropLast()) : configuration.issuer
        let answer = try await get(base + "/.well-known/openid-configuration", "discovery document")
        let document = try read("discovery document") { () throws(CryptoError) in try JSON(strict: answer.body) }
        do throws(ClaimOffence) {
            return Perishable(try ProviderMetadata(document, of: configuration), answer.headers)
        } catch { throw IdentityError(.misbehaving, at: configuration, error.message) }
    }

    func keys(at url: String) async throws(IdentityError) -> Perishable<KeySet> {
        let answer = try await get(url, "key set")
        let keys = try read("key set") { () throws(CryptoError) in try KeySet(answer.body) }
        return Perishable(keys, answer.headers)
    }

    private func read<Value>(
        _ what: String, _ reading: () throws(CryptoError) -> Value
    ) throws(IdentityError) -> Value {
        do throws(CryptoError) { return try reading() } catch {
            throw IdentityError(.misbehaving, at: configuration, "its \(what) cannot be used: \(error.message)")
        }
    }

    private func get(_ url: String, _ what: String) async throws(IdentityError) -> FetchResponse {
        let request = FetchRequest(
            url: url, headers: [("Accept", "application/json")], limit: .seconds(10), bodyLimit: 1 << 20)
        let answer = try await fetch(request, what)
        guard answer.status == 200 else {
            throw IdentityError(.unreachable, at: configuration, "its \(what) came with status \(answer.status)")
        }
        return answer
    }

    /// The issuer's answer; without one, an error that calls it by `what`.
    func fetch(_ request: FetchRequest, _ what: String) async throws(IdentityError) -> FetchResponse {
        var request = request
        request.reach = configuration.reach
        do throws(FetchError) { return try await fetcher.fetch(request) } catch {
            throw IdentityError(.unreachable, at: configuration, "its \(what): \(error.message)")
        }
    }
}
