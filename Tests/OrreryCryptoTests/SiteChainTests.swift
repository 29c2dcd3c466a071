import Foundation
import OrreryCrypto
import Testing

/// An authority and a certificate of a site, as a site has them from its national authority.
private struct Site {
    let authority: [UInt8]
    let certificate: [UInt8]
    let key = openssl(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "orrery-site-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func file(_ name: String, _ content: [UInt8]) throws -> String {
            try Data(content).write(to: folder.appending(path: name))
            return folder.appending(path: name).path
        }
        let ownKey = try file(
            "own.key", openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]))
        authority = openssl(["req", "-x509", "-new", "-key", ownKey, "-subj", "/O=Grid/CN=Authority", "-days", "30"])
        let own = try file("own.pem", authority)
        let request = openssl(
            ["req", "-new", "-key", try file("site.key", key), "-subj", "/O=Grid/OU=site/CN=agent.example"])
        certificate = openssl(
            ["x509", "-req", "-CA", own, "-CAkey", ownKey, "-days", "20", "-set_serial", "7"], input: request)
    }
}

@Suite struct SiteChainTests {
    private static let site = Result { try Site() }
    private static let now = Int64(Date.now.timeIntervalSince1970)

    @Test func aChainLeadsToItsAuthorityInItsTime() throws {
        let site = try Self.site.get()
        let chain = try SiteChain(pem: site.certificate)
        #expect(chain.subject == "CN=agent.example,OU=site,O=Grid")
        #expect(try chain.leads(to: site.authority, at: Self.now))
        #expect(try !chain.leads(to: site.authority, at: Self.now + 40 * 86400))
        #expect(try !chain.leads(to: site.authority, at: 1_000_000_000))
        #expect(try !chain.leads(to: Site().authority, at: Self.now))
        #expect(try !chain.leads(to: [], at: Self.now))
    }

    @Test func aProofIsOfOneKeyHostAndMoment() throws {
        let site = try Self.site.get()
        let chain = try SiteChain(pem: site.certificate + site.authority)
        let proof = try SiteChain.proof(privateKey: site.key, host: "hub.example", key: "ab", time: 7)
        #expect(chain.verifies(proof, host: "hub.example", key: "ab", time: 7))
        #expect(!chain.verifies(proof, host: "other.example", key: "ab", time: 7))
        #expect(!chain.verifies(proof, host: "hub.example", key: "ac", time: 7))
        #expect(!chain.verifies(proof, host: "hub.example", key: "ab", time: 8))
        #expect(try !SiteChain(pem: site.authority).verifies(proof, host: "hub.example", key: "ab", time: 7))
    }

    @Test func whatIsNoChainIsRefused() throws {
        let certificate = try Self.site.get().certificate
        #expect(throws: CryptoError.self) { try SiteChain(pem: []) }
        #expect(throws: CryptoError.self) { try SiteChain(pem: Array("-----BEGIN CERTIFICATE-----\nAAAA\n".utf8)) }
        #expect(throws: CryptoError.self) {
            try SiteChain(pem: Array(repeating: certificate, count: 11).flatMap(\.self))
        }
        #expect(throws: CryptoError.self) {
            try SiteChain.proof(privateKey: certificate, host: "h", key: "k", time: 1)
        }
    }
}
