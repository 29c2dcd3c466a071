import Foundation
import OrreryStore

/// Ends a login: in the store, in the tokens that servers hold for it, and in the proxy, so that the old cookies open
/// nothing. Sessions go on running.
struct Farewell: Sendable {
    let logins: Logins
    let tokens: any TokenStore
    let ended: any GateStore
    let proxy: ProxyBook
    let now: @Sendable () -> Date

    func end(_ login: LoginRecord) async throws {
        // So that a proxy which starts anew is told again, whatever happens to this hub.
        try await ended.rememberEnded(sid: login.sid, until: now() + ProxyBook.memory.seconds)
        // Before and after: the first so that a failure leaves a login that can be ended again, the second for a token
        // that was granted in between.
        _ = try await tokens.removeTokens(sid: login.sid)
        _ = try await logins.close(login)
        _ = try await tokens.removeTokens(sid: login.sid)
        await proxy.refuse(sid: login.sid)
    }
}
