import OrreryFetch
import Testing

@testable import OrreryHub

struct UpgradeTests {
    // Behind a request that asked for another protocol nothing more is read on its connection (RFC 9110 7.8 leaves that
    // open): a proxy that used it again would wait for ever.
    @Test func aRefusedUpgradeIsTheLastRequestOfItsConnection() async throws {
        try await TestHub.run { hub in
            let asking = [("Connection", "Upgrade"), ("Upgrade", "websocket")]
            let refused = try await hub.send("GET", "/user/ada/api/kernels/k/channels", headers: asking)
            #expect(refused.status == 424 && refused.headers["Connection"] == "close")
            #expect(try await hub.send("GET", "/hub/api").headers["Connection"] == nil)
        }
    }
}
