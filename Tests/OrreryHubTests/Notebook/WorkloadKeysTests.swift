import Foundation
import OrreryCrypto
import OrreryFetch
import OrreryIdentity
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

@Suite struct WorkloadKeysTests {
    private static func keys(_ hub: TestHub, ring: KeyRing? = nil) -> WorkloadKeys {
        WorkloadKeys(
            store: hub.database, ring: ring ?? hub.services.keys, now: { hub.clock.now }, logger: TestHub.quiet)
    }

    @Test func theFirstKeyIsKeptSealedAndFoundAgain() async throws {
        try await TestHub.run { hub in
            let first = try await Self.keys(hub).signer()
            let stored = try #require(try await hub.database.signingKeys().first)
            let lines = String(decoding: first.revealPEM(), as: UTF8.self).split(separator: "\n")
            #expect(!lines.contains { String(decoding: stored.sealed, as: UTF8.self).contains($0) })
            #expect(!lines.contains { stored.published.contains($0) })
            let again = Self.keys(hub)
            #expect(try await again.signer().id == first.id)
            #expect(try await again.published() == [first.published])
        }
    }

    @Test func aNewKeyIsKnownForADayBeforeItSignsAndTheOldOneUntilItsTokensEnd() async throws {
        try await TestHub.run { hub in
            let keys = Self.keys(hub)
            func now() async throws -> (signer: String, published: [String]) {
                (try await keys.signer().id, try await keys.published().compactMap { $0["kid"]?.string })
            }
            let old = try await now().signer
            hub.clock.turn(by: .seconds(30 * 86400))
            let announced = try await now()
            #expect(announced.signer == old)
            #expect(announced.published.count == 2 && announced.published.first == old)
            let new = try #require(announced.published.last)
            hub.clock.turn(by: .seconds(86400))
            #expect(try await now() == (new, [old, new]))
            hub.clock.turn(by: .seconds(3661))
            #expect(try await now() == (new, [new]))
            #expect(try await hub.database.signingKeys().map(\.id) == [new])
        }
    }

    @Test func hundredCallersAtTheFirstStartGetOneKey() async throws {
        try await TestHub.run { hub in
            let (one, other) = (Self.keys(hub), Self.keys(hub))
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<100 {
                    group.addTask { try await (number.isMultiple(of: 2) ? one : other).signer().id }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
        }
    }

    @Test func aKeyThatCannotBeOpenedStaysPublishedAndAnotherOneSigns() async throws {
        try await TestHub.run { hub in
            let lost = try await Self.keys(hub).signer().id
            let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).keys").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            let keys = Self.keys(hub, ring: try KeyRing(fileMadeIfMissing: path))
            let signer = try await keys.signer().id
            #expect(signer != lost)
            #expect(try await keys.signer().id == signer)
            #expect(try await Set(keys.published().compactMap { $0["kid"]?.string }) == [lost, signer])
        }
    }

    @Test func theHubIsAnIssuerOnlyWhereItGivesTokens() async throws {
        var notebook = HubConfiguration.Notebook()
        notebook.audiences = ["https://data.test"]
        let paths = ["/hub/workload/.well-known/openid-configuration", "/hub/workload/jwks"]
        try await TestHub.run { hub in
            for path in paths {
                let answer = try await hub.send("GET", path)
                #expect(answer.status == 404)
            }
        }
        try await TestHub.run(notebook: notebook) { hub in
            let document = try await hub.send("GET", paths[0])
            #expect(document.json?["issuer"] == "http://hub.test/hub/workload")
            #expect(document.json?["jwks_uri"] == "http://hub.test/hub/workload/jwks")
            #expect(document.headers["Cache-Control"] == "public, max-age=3600")
            let set = try await hub.send("GET", paths[1])
            let keys = try #require(set.json?["keys"]?.array)
            #expect(keys.count == 1)
            #expect(Set(keys[0].object?.keys ?? [:].keys) == ["alg", "e", "kid", "kty", "n", "use"])
            #expect(set.headers["Cache-Control"] == "public, max-age=3600")
        }
    }
}
