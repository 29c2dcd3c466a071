import COpenSSL
import Foundation
import OrreryModel
import Testing

@testable import OrreryWire

/// What is said about files that cannot be used, and what is taken from those that can.
struct TLSContextTests {
    private let authority: TestAuthority

    init() throws {
        authority = try TestAuthority()
        try authority.issue("server", .init(names: "DNS:localhost"))
        try authority.issue("other", .init(names: "DNS:localhost"))
        try authority.issue("locked", .init(names: "DNS:localhost"), passphrase: "open sesame")
        try Data("nothing".utf8).write(to: URL(filePath: authority.path("empty.pem")))
        try Data("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
            .write(to: URL(filePath: authority.path("broken.pem")))
    }

    private func configuration(_ certificate: String, _ key: String, _ passphrase: Secret? = nil)
        -> TLSServerConfiguration
    {
        TLSServerConfiguration(identities: [
            TLSIdentity(certificate: authority.path(certificate), key: authority.path(key), passphrase: passphrase)
        ])
    }

    private func error(_ configuration: TLSServerConfiguration) -> TLSError? {
        do throws(TLSError) {
            _ = try TLSContext.server(configuration, tickets: TLSTickets())
            return nil
        } catch {
            return error
        }
    }

    @Test func everyBadFileIsNamed() throws {
        let absent = authority.path("absent.pem")
        #expect(
            error(configuration("absent.pem", "server.key"))
                == .unreadable(file: absent, SystemError(number: ENOENT)))
        #expect(
            error(configuration("server.pem", "."))
                == .unreadable(file: authority.path("."), SystemError(number: EISDIR)))
        #expect(error(configuration("empty.pem", "server.key")) == .noCertificate(file: authority.path("empty.pem")))
        #expect(error(configuration("server.pem", "empty.pem")) == .noKey(file: authority.path("empty.pem")))
        #expect(
            error(configuration("server.pem", "other.key"))
                == .keyDoesNotMatch(key: authority.path("other.key"), certificate: authority.path("server.pem")))
        let broken = try #require(error(configuration("broken.pem", "server.key")))
        #expect("\(broken)".hasPrefix("\(authority.path("broken.pem")) cannot be used: "))
        #expect(error(TLSServerConfiguration(identities: [])) == .noIdentity)
    }

    @Test func aKeyOpensWithItsPassphraseOnly() {
        let path = authority.path("locked.key")
        #expect(error(configuration("locked.pem", "locked.key")) == .keyIsEncrypted(file: path))
        let wrong = error(configuration("locked.pem", "locked.key", Secret("sesame")))
        #expect(wrong == .wrongPassphrase(file: path))
        #expect(wrong.map { !"\($0)".contains("sesame") } == true)
        #expect(error(configuration("locked.pem", "locked.key", Secret("open sesame"))) == nil)
    }

    @Test func clientsCannotBeAskedWithoutAnAuthority() {
        var asking = configuration("server.pem", "server.key")
        asking.clientCertificates = .requested
        #expect(error(asking) == .noAuthorities)
        asking.clientAuthorities = authority.path("empty.pem")
        #expect(error(asking) == .noCertificate(file: authority.path("empty.pem")))
        asking.clientAuthorities = authority.authorities
        #expect(error(asking) == nil)
    }

    @Test func authoritiesAreReadThoughNobodyIsAsked() {
        for (file, expected) in [
            ("absent.pem", TLSError.unreadable(file: authority.path("absent.pem"), SystemError(number: ENOENT))),
            ("empty.pem", .noCertificate(file: authority.path("empty.pem"))),
        ] {
            var silent = configuration("server.pem", "server.key")
            silent.clientAuthorities = authority.path(file)
            #expect(error(silent) == expected)
            var careless = TLSClientConfiguration()
            careless.verifies = false
            careless.authorities = authority.path(file)
            #expect(throws: expected) { _ = try TLSContext.client(careless) }
        }
    }

    @Test func ciphersAndParametersAreChecked() {
        var odd = configuration("server.pem", "server.key")
        odd.ciphers = "ROT13"
        #expect(error(odd) == .badCiphers("ROT13"))
        odd.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384:TLS_AES_256_GCM_SHA384"
        #expect(error(odd) == nil)
        odd.parameters = authority.path("empty.pem")
        #expect(error(odd) == .badParameters(file: authority.path("empty.pem")))
        odd.parameters = nil
        odd.protocols = [""]
        #expect(error(odd) == .badProtocol(""))
    }

    /// What comes with the server's certificate for a client who asks.
    private func staple(_ context: TLSContext) throws -> [UInt8] {
        var trusting = TLSClientConfiguration()
        trusting.authorities = authority.authorities
        let pair = TLSPair(client: try .client(trusting), server: context)
        pair.client.askForStaple()
        pair.shakeHands()
        #expect(pair.client.isDone)
        return pair.client.staple
    }

    @Test func theAuthoritysWordIsShownWithTheCertificate() throws {
        try authority.vouch(for: "server", days: 2)
        let context = try TLSContext.server(configuration("server.pem", "server.key"), tickets: TLSTickets())
        #expect(context.notes.isEmpty)
        #expect(try staple(context) == Array(Data(contentsOf: URL(filePath: authority.path("server.pem.ocsp")))))
    }

    @Test(arguments: [(-1, false), (2, true)]) func aWordThatDoesNotHelpIsNotShown(_ days: Int, _ isRevoked: Bool)
        throws
    {
        try authority.vouch(for: "server", days: days, isRevoked: isRevoked)
        let context = try TLSContext.server(configuration("server.pem", "server.key"), tickets: TLSTickets())
        #expect(context.notes.count == 1)
        #expect(try staple(context).isEmpty)
    }

    @Test func aFileOfNoResponseIsNotedAndNotShown() throws {
        try Data("no".utf8).write(to: URL(filePath: authority.path("server.pem.ocsp")))
        let context = try TLSContext.server(configuration("server.pem", "server.key"), tickets: TLSTickets())
        #expect(context.notes.count == 1 && context.notes[0].contains("server.pem.ocsp is no OCSP response"))
    }
}
