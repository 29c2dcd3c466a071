import Foundation
import Logging
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryIdentity

/// The life of an issuer's key set, in the time of a clock that the test turns.
@Suite struct KeyLifeTests {
    let clock = TestClock()
    let issuer: TestIssuer
    let directory: IssuerDirectory

    init() throws {
        issuer = try TestIssuer(clock: clock)
        let configuration = IssuerConfiguration(
            label: "demo", issuer: issuer.url, client: "orrery", secret: nil, redirectURI: "http://127.0.0.1/cb")
        directory = IssuerDirectory(
            issuers: [configuration], rules: [], fetcher: Fetcher(), logger: Logger(label: "test"),
            now: { [clock] in clock.now })
    }

    /// A whole login; what the log says when it fails.
    func login() async -> String? {
        do throws(IdentityError) {
            let start = try await directory.begin("demo")
            issuer.change { $0.nonce = start.nonce }
            _ = try await directory.finish("demo", start.transaction, query: ["code": "c", "state": start.state])
            return nil
        } catch { return error.detail }
    }

    func keySetRequests() -> Int { issuer.requests(at: "jwks").count }

    @Test("K5: key sets that cannot be had for two hours lock nobody out") func outage() async {
        #expect(await login() == nil)
        issuer.change { $0.answers["jwks"] = ("503 Service Unavailable", "") }
        for _ in 0..<12 {
            clock.advance(600)
            #expect(await login() == nil)
        }
        #expect(keySetRequests() > 2)
        clock.advance(2 * 86400 - 7200)
        #expect(await login() == "its key set came with status 503")
        issuer.change { $0.answers = [:] }
        clock.advance(10)
        #expect(await login() == nil)
    }

    @Test("K5: many at once cause one fetch") func singleFlight() async {
        await withTaskGroup { group in
            for _ in 0..<50 { group.addTask { [directory] in _ = await directory.status() } }
        }
        #expect(keySetRequests() == 1)
    }

    @Test("K6: a new key is known within a minute, also while others send made-up ones") func rotation() async {
        #expect(await login() == nil)
        for _ in 0..<30 {
            issuer.change { $0.header["kid"] = .string(UUID().uuidString) }
            #expect(await login() == "no key of the set has the token's kid")
            clock.advance(20)
        }
        #expect(keySetRequests() == 11)
        issuer.change { $0.keys = [("second", OpenSSLSigner(bits: 2048))] }
        issuer.change { $0.header = [:] }
        var waited = 0
        while await login() != nil, waited < 60 {
            clock.advance(10)
            waited += 10
        }
        #expect(waited < 60)
    }

    @Test("K6: whoever comes while a new key is known already need not wait for the next fetch") func newcomers() async
    {
        #expect(await login() == nil)
        issuer.change { $0.keys = [("second", OpenSSLSigner(bits: 2048))] }
        let failures = await withTaskGroup { group in
            // Not through `login`, whose nonce is one for all.
            for _ in 0..<20 { group.addTask { [self] in await seesNewKey() } }
            return await group.reduce(0) { $0 + ($1 ? 0 : 1) }
        }
        #expect(failures == 0)
        #expect(keySetRequests() == 2)
    }

    private func seesNewKey() async -> Bool {
        do throws(IdentityError) {
            let start = try await directory.begin("demo")
            _ = try await directory.finish("demo", start.transaction, query: ["code": "c", "state": start.state])
            return true
        } catch { return error.detail == "its ID token: nonce is not that of the login" }
    }

    @Test("K7: a key that a new set no longer has stops working at once") func revocation() async throws {
        #expect(await login() == nil)
        let second = OpenSSLSigner(bits: 2048)
        let newer = JSON.object(["keys": [.object(second.members.with("kid", "second").mapValues { .string($0) })]])
        let text = try newer.text
        issuer.change { $0.answers["jwks"] = ("200 OK", text) }
        issuer.change { $0.keys = [("second", second)] }
        #expect(await login() == nil)
        issuer.change { $0.keys = [("first", .rsa)] }
        #expect(await login() == "no key of the set has the token's kid")
    }

    static let documents: [(String, String)] = [
        ("200 OK", String(repeating: " ", count: 1 << 20) + "{}"), ("302 Found", ""), ("404 Not Found", "{}"),
        ("200 OK", "<html></html>"), ("200 OK", "[]"), ("200 OK", #"{"issuer":"a","issuer":"a"}"#),
    ]

    @Test("K8: a document that is none is not used", arguments: documents)
    func otherAnswers(_ status: String, _ body: String) async {
        issuer.change { $0.answers["openid-configuration"] = (status, body) }
        #expect(await login()?.hasPrefix("its discovery document") == true)
    }
}

extension [String: String] {
    func with(_ name: String, _ value: String) -> Self { merging([name: value]) { _, new in new } }
}
