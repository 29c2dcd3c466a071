import Foundation
import Logging
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryIdentity

/// Issuers that come, go, change and lie.
@Suite struct AwayTests {
    let clock = TestClock()

    func directory(_ urls: [String]) -> IssuerDirectory {
        let issuers = urls.enumerated().map { place, url in
            IssuerConfiguration(
                label: "issuer-\(place)", issuer: url, title: "Institute \(place)", client: "orrery", secret: nil,
                redirectURI: "http://127.0.0.1/cb")
        }
        return IssuerDirectory(
            issuers: issuers, rules: [], fetcher: Fetcher(), logger: Logger(label: "test"),
            now: { [clock] in clock.now })
    }

    func login(_ directory: IssuerDirectory, at issuer: TestIssuer) async throws(IdentityError) {
        let start = try await directory.begin("issuer-0")
        issuer.change { $0.nonce = start.nonce }
        _ = try await directory.finish("issuer-0", start.transaction, query: ["code": "c", "state": start.state])
    }

    @Test func anIssuerThatIsAwayIsSaidToBeSo() async throws {
        let issuer = try TestIssuer(clock: clock)
        let absent = try TestIssuer.absent()
        let directory = directory([absent, issuer.url])
        let status = await directory.status()
        let sentence =
            "Institute 0 cannot be reached, so nobody can log in through it now; try again in a minute or log in another way."
        #expect(status.map(\.label) == ["issuer-0", "issuer-1"])
        #expect(status.map(\.refusal) == [sentence, nil])
        let error = await #expect(throws: IdentityError.self) { try await directory.begin("issuer-0") }
        #expect(error?.sentence == sentence)
        #expect(error?.detail.hasSuffix("refused") == true, "\(error?.detail ?? "")")
    }

    @Test func nobodyIsSentToAnIssuerThatHasGoneAway() async throws {
        let issuer = try TestIssuer(clock: clock)
        let directory = directory([issuer.url])
        let start = try await directory.begin("issuer-0")
        issuer.change { $0.answers["openid-configuration"] = ("503 Service Unavailable", "") }
        clock.advance(3)
        let error = await #expect(throws: IdentityError.self) { try await directory.begin("issuer-0") }
        #expect(error?.kind == .unreachable)
        #expect(await directory.status()[0].refusal == error?.sentence)
        // Whoever is there already comes back in.
        issuer.change { $0.nonce = start.nonce }
        _ = try await directory.finish("issuer-0", start.transaction, query: ["code": "c", "state": start.state])
    }

    @Test func anUnknownIssuerIsRefused() async throws {
        let directory = directory([])
        let error = await #expect(throws: IdentityError.self) { try await directory.begin("nobody") }
        #expect(error?.kind == .unknownIssuer)
    }

    @Test func anIssuerThatIsAwayIsNotAskedAllTheTime() async throws {
        let issuer = try TestIssuer(clock: clock)
        issuer.change { $0.answers["openid-configuration"] = ("503 Service Unavailable", "") }
        let directory = directory([issuer.url])
        for _ in 0..<5 { #expect(await directory.status()[0].refusal != nil) }
        #expect(issuer.requests(at: "openid-configuration").count == 1)
        issuer.change { $0.answers = [:] }
        clock.advance(10)
        #expect(await directory.status()[0].refusal == nil)
    }

    @Test func manyAtOnceShareOneFetch() async throws {
        let issuer = try TestIssuer(clock: clock)
        let directory = directory([issuer.url])
        await withTaskGroup { group in
            for _ in 0..<50 { group.addTask { _ = try? await directory.begin("issuer-0") } }
        }
        #expect(issuer.requests(at: "openid-configuration").count == 1)
    }

    static let lies: [[String: JSON]] = [
        ["issuer": "http://127.0.0.1:1/api/oidc"], ["issuer": .null], ["issuer": 1],
        ["token_endpoint": "http://idp.example.org/token"], ["token_endpoint": .null],
        ["jwks_uri": "file:///etc/passwd"],
        ["jwks_uri": ["a"]], ["authorization_endpoint": "javascript:alert(1)"], ["authorization_endpoint": "/auth"],
        ["userinfo_endpoint": "ftp://127.0.0.1/"], ["token_endpoint": "https://user@idp.example.org/token"],
    ]

    @Test("K8: a discovery document that lies is not used", arguments: lies)
    func lyingDocuments(_ lie: [String: JSON]) async throws {
        let issuer = try TestIssuer(clock: clock)
        issuer.change { $0.metadata = lie }
        let directory = directory([issuer.url])
        let error = await #expect(throws: IdentityError.self) { try await directory.begin("issuer-0") }
        #expect(error?.kind == .misbehaving)
    }

    @Test func aSlashMoreIsAnotherIssuer() async throws {
        let issuer = try TestIssuer(clock: clock)
        issuer.change { [url = issuer.url] in $0.metadata["issuer"] = .string(url + "/") }
        let plain = directory([issuer.url])
        await #expect(throws: IdentityError.self) { try await plain.begin("issuer-0") }
        let spelt = IssuerDirectory(
            issuers: [
                IssuerConfiguration(
                    label: "issuer-0", issuer: issuer.url, also: [issuer.url + "/"], client: "orrery", secret: nil,
                    redirectURI: "http://127.0.0.1/cb")
            ], rules: [], fetcher: Fetcher(), logger: Logger(label: "test"))
        _ = try await spelt.begin("issuer-0")
    }

    @Test func aNewKeyIsPickedUpAndAnOldOneForgotten() async throws {
        let issuer = try TestIssuer(clock: clock)
        let directory = directory([issuer.url])
        try await login(directory, at: issuer)
        let newer = OpenSSLSigner(bits: 2048)
        issuer.change { $0.keys = [("second", newer)] }
        try await login(directory, at: issuer)
        #expect(issuer.requests(at: "jwks").count == 2)
        issuer.change { $0.keys = [("first", .rsa), ("second", newer)] }
        issuer.change { $0.answers["jwks"] = ("200 OK", "{}") }
        await #expect(throws: IdentityError.self) { try await login(directory, at: issuer) }
    }

    @Test("K6: unknown keys cause at most one fetch a minute") func unknownKeys() async throws {
        let issuer = try TestIssuer(clock: clock)
        let directory = directory([issuer.url])
        try await login(directory, at: issuer)
        issuer.change { $0.header["kid"] = "nobody's" }
        for _ in 0..<5 { await #expect(throws: IdentityError.self) { try await login(directory, at: issuer) } }
        #expect(issuer.requests(at: "jwks").count == 2)
        clock.advance(60)
        await #expect(throws: IdentityError.self) { try await login(directory, at: issuer) }
        #expect(issuer.requests(at: "jwks").count == 3)
    }

    @Test("K7: a bad key set never replaces a good one") func badSets() async throws {
        let issuer = try TestIssuer(clock: clock)
        let directory = directory([issuer.url])
        try await login(directory, at: issuer)
        for body in ["<html>captive portal</html>", "{}", #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"AAAA"}]}"#] {
            issuer.change { $0.answers["jwks"] = ("200 OK", body) }
            let before = issuer.requests(at: "jwks").count
            clock.advance(7 * 3600)
            // Each refresh goes on beside a login. One that the turn before began may still be under way, so more than one
            // login, minutes apart, may be needed until the next begins.
            for _ in 0..<10 where issuer.requests(at: "jwks").count == before {
                clock.advance(61)
                try await login(directory, at: issuer)
            }
            #expect(issuer.requests(at: "jwks").count > before)
        }
        try await login(directory, at: issuer)
    }
}
