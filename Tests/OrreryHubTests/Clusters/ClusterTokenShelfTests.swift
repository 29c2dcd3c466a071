import Foundation
import OrreryCrypto
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

struct ClusterTokenShelfTests {
    private func shelf(_ hub: TestHub, keys: KeyRing? = nil) -> ClusterTokenShelf {
        ClusterTokenShelf(store: hub.database, keys: keys ?? hub.services.keys, logger: TestHub.quiet)
    }

    private func access(
        _ name: String, server: String = "https://api.test", authority: Authority = .pem("the site's")
    ) -> ClusterAccess {
        ClusterAccess(
            name: name, server: server, credential: .token(Secret("configured")), authority: authority,
            namespace: "hub")
    }

    @Test(
        arguments: [
            ("https://other.test", .pem("the site's")), ("https://api.test", .pem("somebody's")),
            ("https://api.test", .system), ("https://api.test", .file("the site's")),
        ] as [(String, Authority)])
    func itIsNotShownToAnotherServerOrUnderAnotherAuthority(_ server: String, _ authority: Authority) async throws {
        try await TestHub.run { hub in
            try await shelf(hub).keep(Secret("renewed"), of: access("north"))
            #expect(await shelf(hub).token(of: access("north", server: server, authority: authority)) == nil)
            #expect(await shelf(hub).token(of: access("north")) == Secret("renewed"))
        }
    }

    @Test func aRenewedTokenIsThereAfterARestartAndForItsClusterOnly() async throws {
        try await TestHub.run { hub in
            try await shelf(hub).keep(Secret("first"), of: access("north"))
            try await shelf(hub).keep(Secret("second"), of: access("north"))
            #expect(await shelf(hub).token(of: access("north")) == Secret("second"))
            #expect(await shelf(hub).token(of: access("south")) == nil)
        }
    }

    @Test func itIsSealedAndOpensForItsClusterUnderTheHubsKeysAlone() async throws {
        try await TestHub.run { hub in
            try await shelf(hub).keep(Secret("never-readable"), of: access("north"))
            let sealed = try #require(try await hub.database.clusterToken(of: "north"))
            #expect(!String(decoding: sealed, as: UTF8.self).contains("never-readable"))
            try await hub.database.keep(clusterToken: sealed, of: "south")
            #expect(await shelf(hub).token(of: access("south")) == nil)
            let path = FileManager.default.temporaryDirectory.appending(path: "shelf-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            #expect(await shelf(hub, keys: try KeyRing(fileMadeIfMissing: path)).token(of: access("north")) == nil)
        }
    }
}
