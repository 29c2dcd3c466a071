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

    @Test func aRenewedTokenIsThereAfterARestartAndForItsClusterOnly() async throws {
        try await TestHub.run { hub in
            try await shelf(hub).keep(Secret("first"), of: "north")
            try await shelf(hub).keep(Secret("second"), of: "north")
            #expect(await shelf(hub).token(of: "north") == Secret("second"))
            #expect(await shelf(hub).token(of: "south") == nil)
        }
    }

    @Test func itIsSealedAndOpensForItsClusterUnderTheHubsKeysAlone() async throws {
        try await TestHub.run { hub in
            try await shelf(hub).keep(Secret("never-readable"), of: "north")
            let sealed = try #require(try await hub.database.clusterToken(of: "north"))
            #expect(!String(decoding: sealed, as: UTF8.self).contains("never-readable"))
            try await hub.database.keep(clusterToken: sealed, of: "south")
            #expect(await shelf(hub).token(of: "south") == nil)
            let path = FileManager.default.temporaryDirectory.appending(path: "shelf-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            #expect(await shelf(hub, keys: try KeyRing(fileMadeIfMissing: path)).token(of: "north") == nil)
        }
    }
}
