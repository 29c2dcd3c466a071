import OrreryCrypto
import OrreryModel
import Testing

@testable import OrreryIdentity

@Suite struct ConfigurationTests {
    func issuer(_ url: String, label: String = "demo", scopes: [String] = ["openid"]) -> IssuerConfiguration {
        IssuerConfiguration(label: label, issuer: url, client: "orrery", secret: nil, scopes: scopes, redirectURI: "")
    }

    static let good = [
        "https://idp.example.org", "https://idp.example.org:8443/realms/x/", "http://127.0.0.1:18500/api/oidc",
        "http://localhost:1", "http://[::1]:1", "http://127.9.9.9",
    ]

    @Test(arguments: good) func anIssuerIsHTTPSOrOnLoopback(_ url: String) { #expect(issuer(url).problem == nil) }

    static let bad = [
        "http://idp.example.org", "idp.example.org", "", "ftp://127.0.0.1", "https://", "https://user@idp.example.org",
        "https://idp.example.org#x", "http://127.0.0.1.example.org", "http://localhost.example.org",
        "http://1270.0.0.1",
    ]

    @Test(arguments: bad) func anythingElseIsAProblem(_ url: String) { #expect(issuer(url).problem != nil) }

    @Test func labelAndScopesAreChecked() {
        #expect(issuer("https://a.test", label: "a b").problem?.contains("label") == true)
        #expect(issuer("https://a.test", label: "").problem?.contains("label") == true)
        #expect(issuer("https://a.test", scopes: ["profile"]).problem == "the scopes must contain openid")
    }

    @Test func oneIssuerUnderTwoLabelsIsAProblem() {
        var (first, second) = (issuer("https://a.test/", label: "a"), issuer("https://b.test", label: "b"))
        #expect([first, second].problem == nil)
        second.also = ["https://a.test/"]
        #expect([first, second].problem == "`a` and `b` are the same issuer, https://a.test/")
        first.also = ["https://a.test/", "https://a.test"]
        #expect([first].problem == nil)
    }

    /// A public issuer must not send us to our own machine, nor to plain http.
    static let endpoints: [(String, String, Bool)] = [
        ("https://idp.example.org", "https://other.example.org/token", true),
        ("https://idp.example.org", "https://127.0.0.1/token", false),
        ("https://idp.example.org", "https://localhost/token", false),
        ("https://idp.example.org", "http://idp.example.org/token", false),
        ("http://127.0.0.1:1", "http://127.0.0.1:2/token", true),
        ("http://127.0.0.1:1", "http://idp.example.org/token", false),
        ("http://127.0.0.1:1", "https://idp.example.org/token", true),
    ]

    @Test(arguments: endpoints) func endpointsKeepTheIssuersStandard(
        _ issuer: String, _ url: String, _ isAcceptable: Bool
    ) {
        #expect(WebAddress.isAcceptable(url, beside: issuer) == isAcceptable)
    }

    @Test(
        .enabled(if: RecordedVectors.isPresent, "the recorded vectors are not beside the repository"),
        arguments: ["glewlwyd-2.7.5", "canaille-0.3.6", "oidc-provider-mock-0.3.4"])
    func discoveryDocumentsOfRealProvidersAreRead(_ name: String) throws {
        let document = try RecordedVectors.read("providers/\(name)-discovery.json")
        let url = try #require(document["issuer"]?.string)
        let metadata = try ProviderMetadata(document, of: issuer(url))
        #expect(metadata.keys == document["jwks_uri"]?.string)
        #expect(metadata.namesItself == name.hasPrefix("canaille"))
    }
}
