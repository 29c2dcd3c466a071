import COpenSSL
import Testing

@testable import OrreryWire

/// Coming back with a ticket.
struct TLSTicketTests {
    private let authority: TestAuthority
    private let tickets = TLSTickets()
    private let client: TLSContext

    init() throws {
        authority = try TestAuthority()
        try authority.issue("server", .init(names: "DNS:localhost"))
        try authority.issue("client", .init(commonName: "ada"))
        var trusting = TLSClientConfiguration()
        trusting.authorities = authority.authorities
        trusting.identity = TLSIdentity(certificate: authority.path("client.pem"), key: authority.path("client.key"))
        client = try .client(trusting)
    }

    private func server(_ change: (inout TLSServerConfiguration) -> Void = { _ in }) throws -> TLSContext {
        var configuration = TLSServerConfiguration(identities: [
            TLSIdentity(certificate: authority.path("server.pem"), key: authority.path("server.key"))
        ])
        change(&configuration)
        return try .server(configuration, tickets: tickets)
    }

    /// What a client remembers of a connection.
    @safe private final class Session {
        let pointer: OpaquePointer?
        init(_ pointer: OpaquePointer?) { unsafe self.pointer = pointer }
        deinit { unsafe SSL_SESSION_free(pointer) }
    }

    /// Connects, perhaps with what is remembered, and remembers this one.
    private func connect(to server: TLSContext, with session: Session? = nil) -> (isResumed: Bool, Session)? {
        let pair = TLSPair(client: client, server: server)
        if let session { unsafe SSL_set_session(pair.client.stream.ssl, session.pointer) }
        pair.shakeHands()
        guard pair.server.isDone else { return nil }
        // A client forgets what was not ended in order.
        pair.client.end()
        return unsafe (pair.server.isResumed, Session(SSL_get1_session(pair.client.stream.ssl)))
    }

    @Test(arguments: [TLSVersion.v12, .v13]) func aTicketShortensTheNextHandshake(_ version: TLSVersion) throws {
        let server = try server { $0.greatest = version }
        let first = try #require(connect(to: server))
        #expect(!first.isResumed)
        #expect(connect(to: server, with: first.1)?.isResumed == true)
    }

    @Test func aTicketOutlivesAReload() throws {
        let first = try #require(connect(to: try server()))
        #expect(connect(to: try server(), with: first.1)?.isResumed == true)
    }

    @Test func aTicketOfAnotherServerIsWorthNothing() throws {
        let first = try #require(connect(to: try server()))
        let stranger = try TLSContext.server(
            TLSServerConfiguration(identities: [
                TLSIdentity(certificate: authority.path("server.pem"), key: authority.path("server.key"))
            ]), tickets: TLSTickets())
        #expect(connect(to: stranger, with: first.1)?.isResumed == false)
    }

    @Test func aTicketOutlivesOneChangeOfTheKeyAndIsRenewed() throws {
        let server = try server()
        tickets.rotate(now: 0)
        let old = try #require(connect(to: server))
        tickets.rotate(now: TLSTickets.period * 1000 - 1)
        #expect(tickets.key(named: tickets.current.name)?.isCurrent == true)
        tickets.rotate(now: TLSTickets.period * 1000)
        let renewed = try #require(connect(to: server, with: old.1))
        #expect(renewed.isResumed)
        tickets.rotate(now: TLSTickets.period * 2000)
        #expect(connect(to: server, with: old.1)?.isResumed == false)
        #expect(connect(to: server, with: renewed.1)?.isResumed == true)
    }

    @Test func aLongSleepEndsAllTickets() throws {
        tickets.rotate(now: 0)
        let server = try server()
        let old = try #require(connect(to: server))
        tickets.rotate(now: TLSTickets.period * 3000)
        #expect(connect(to: server, with: old.1)?.isResumed == false)
    }

    @Test func aTicketDoesNotOutliveTheAuthorityThatLetItsOwnerIn() throws {
        let strict: (inout TLSServerConfiguration) -> Void = {
            $0.clientCertificates = .required
            $0.clientAuthorities = authority.authorities
        }
        let first = try #require(connect(to: try server(strict)))
        #expect(connect(to: try server(strict), with: first.1)?.isResumed == true)
        let other = try TestAuthority("other")
        let changed = try server {
            strict(&$0)
            $0.clientAuthorities = other.authorities
        }
        #expect(connect(to: changed, with: first.1) == nil)
    }
}
