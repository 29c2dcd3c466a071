import Foundation
import Testing

@testable import OrreryWire

/// Records that we make ourselves, read by OpenSSL.
struct OwnRecordsTests {
    private let authority: TestAuthority

    init() throws {
        authority = try TestAuthority()
        try authority.issue("server", .init(names: "DNS:localhost"))
    }

    private func pair(
        ciphers: String? = nil, greatest: TLSVersion = .v13, keeps: Bool = true
    ) throws -> TLSPair {
        var client = TLSClientConfiguration()
        client.authorities = authority.authorities
        client.ciphers = ciphers
        client.greatest = greatest
        client.lendsKeys = keeps
        var server = TLSServerConfiguration(
            identities: [
                TLSIdentity(certificate: authority.path("server.pem"), key: authority.path("server.key"))
            ])
        server.lendsKeys = keeps
        let pair = TLSPair(client: try .client(client), server: try .server(server, tickets: TLSTickets()))
        pair.client.engine.makesOwnRecords = true
        pair.server.engine.makesOwnRecords = true
        pair.shakeHands()
        #expect(pair.client.isDone && pair.server.isDone)
        return pair
    }

    private func bytes(_ count: Int, _ seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: ($0 &+ seed) &* 131) }
    }

    @Test(
        arguments: ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"],
        [1, 16_383, 16_384, 16_385, 98_304])
    func allIsReadThatIsSentBothWays(_ cipher: String, _ count: Int) throws {
        let pair = try pair(ciphers: cipher)
        var up: [UInt8] = []
        var down: [UInt8] = []
        // OpenSSL's, then from the first large one on ours, whatever their size.
        for (round, size) in [1, 700, count, 40_000, 1, count, 700].enumerated() {
            up += bytes(size, round)
            down += bytes(size, 100 + round)
            pair.client.send(bytes(size, round))
            pair.server.send(bytes(size, 100 + round))
            pair.run(portion: 10_007)
        }
        #expect(pair.client.hasOwnRecords && pair.server.hasOwnRecords)
        #expect(pair.server.read == up && pair.client.read == down)
        #expect(!pair.client.isBroken && !pair.server.isBroken)
    }

    @Test func whoeverSendsLittleLeavesItToOpenSSL() throws {
        let pair = try pair()
        for round in 0..<20 { pair.client.send(bytes(16_384, round)) }
        pair.run(portion: 50_000)
        #expect(!pair.client.hasOwnRecords)
        #expect(pair.server.read.count == 20 * 16_384)
    }

    @Test func theEndIsSaidOnceAndUnderstood() throws {
        let pair = try pair()
        pair.client.send(bytes(40_000, 1))
        pair.run(portion: 50_000)
        #expect(!pair.server.hasEnded)
        pair.client.end()
        #expect(!pair.client.outgoing.isEmpty)
        pair.run(portion: 50_000)
        #expect(pair.server.hasEnded && !pair.server.isBroken)
        pair.client.end()
        #expect(pair.client.outgoing.isEmpty)
        // The other direction is open still.
        pair.server.send(bytes(40_000, 2))
        pair.run(portion: 50_000)
        #expect(pair.client.read == bytes(40_000, 2))
    }

    @Test func withoutItsSecretOrWithAnOlderTLSAConnectionGoesOnAsItWas() throws {
        for pair in [try pair(keeps: false), try pair(greatest: .v12)] {
            pair.client.send(bytes(100_000, 3))
            pair.server.send(bytes(100_000, 4))
            pair.run(portion: 50_000)
            #expect(!pair.client.hasOwnRecords && !pair.server.hasOwnRecords)
            #expect(pair.server.read == bytes(100_000, 3) && pair.client.read == bytes(100_000, 4))
            pair.client.end()
            pair.run(portion: 50_000)
            #expect(pair.server.hasEnded)
        }
    }

    @Test func newKeysThatAreWantedBeforeAreOpenSSLsToMake() throws {
        let pair = try pair()
        pair.server.renewKeys()
        pair.server.send([1])
        pair.run(portion: 50_000)
        pair.client.send(bytes(40_000, 5))
        pair.run(portion: 50_000)
        #expect(!pair.client.hasOwnRecords)
        #expect(pair.server.read == bytes(40_000, 5) && pair.client.read == [1])
    }

    // OpenSSL's answer would have the number of a record of ours, under the same key.
    @Test func newKeysThatAreWantedAfterwardsEndTheConnectionWithoutAWord() throws {
        let pair = try pair()
        pair.client.send(bytes(40_000, 6))
        pair.run(portion: 50_000)
        #expect(pair.client.hasOwnRecords)
        pair.server.renewKeys()
        pair.server.send([1])
        pair.run(portion: 50_000)
        #expect(pair.client.isBroken && pair.client.outgoing.isEmpty)
        #expect(pair.server.read == bytes(40_000, 6) && !pair.server.isBroken)
    }

    @Test func whatIsNoRecordEndsTheConnectionWithoutAWord() throws {
        let pair = try pair()
        pair.client.send(bytes(40_000, 7))
        pair.run(portion: 50_000)
        pair.client.take([23, 3, 3, 0, 40] + bytes(40, 8))
        #expect(pair.client.isBroken && pair.client.outgoing.isEmpty)
    }
}
