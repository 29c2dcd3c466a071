import Testing

@testable import OrreryFetch

@Suite struct TLSTests {
    let fetcher = Fetcher()
    let certificates: TestCertificates

    init() throws { certificates = try TestCertificates() }

    func fetch(
        _ server: SecureServer, host: String = "127.0.0.1", _ trust: FetchRequest.Trust,
        _ client: ClientCertificate? = nil
    ) async -> FetchError? {
        let request = FetchRequest(url: "https://\(host):\(server.port)/", trust: trust, client: client)
        do throws(FetchError) {
            let answer = try await fetcher.fetch(request)
            return answer.status == 200 ? nil : FetchError(.badAnswer, "status \(answer.status)", host: "")
        } catch { return error }
    }

    @Test func onlyTheRequestsOwnAuthorityIsBelieved() async throws {
        let server = try SecureServer(certificates, asksForClient: false)
        let authority = FetchRequest.Trust.authority(pem: try certificates.text("ca.pem"))
        #expect(await fetch(server, authority) == nil)
        // A connection made in trust of one authority is not used for a request that trusts another.
        let error = await fetch(server, .system)
        #expect(error?.kind == .tls)
        #expect(error?.message.hasPrefix("the certificate of 127.0.0.1:\(server.port) is not trusted: ") == true)
        #expect(await fetch(server, .authority(pem: try TestCertificates().text("ca.pem")))?.kind == .tls)
        #expect(await fetch(server, host: "localhost", authority)?.kind == .tls)
        #expect(await fetch(server, .authority(pem: "no PEM"))?.kind == .badRequest)
    }

    @Test func aClientProvesItselfByItsCertificate() async throws {
        let server = try SecureServer(certificates, asksForClient: true)
        let authority = FetchRequest.Trust.authority(pem: try certificates.text("ca.pem"))
        let (chain, key) = (try certificates.text("client.pem"), try certificates.text("client.key"))
        #expect(await fetch(server, authority, ClientCertificate(chain: chain, key: key)) == nil)
        let stranger = await fetch(server, authority)
        #expect(stranger?.kind == .tls)
        #expect(stranger?.message == "127.0.0.1:\(server.port) refused the TLS connection: certificate required")
        let mismatched = ClientCertificate(chain: chain, key: try certificates.text("server.key"))
        #expect(await fetch(server, authority, mismatched)?.kind == .badRequest)
        #expect(await fetch(server, authority, ClientCertificate(chain: "no PEM", key: "none"))?.kind == .badRequest)
    }
}
