import Foundation
import OrreryCrypto
import OrreryModel
import Synchronization

@testable import OrreryIdentity

/// An issuer over real HTTP on loopback, whose documents and answers a test may bend. Its tokens are signed by `openssl`.
final class TestIssuer: Sendable {
    let port: UInt16
    private let server: ScriptedServer
    private let behaviour: Behaviour

    var url: String { "http://127.0.0.1:\(port)/api/oidc" }

    init(clock: TestClock) throws {
        let behaviour = Behaviour(clock: clock)
        server = try ScriptedServer { connection in
            guard let request = connection.request() else { return }
            connection.write(behaviour.answer(to: request))
        }
        port = server.port
        self.behaviour = behaviour
        behaviour.change { [url] in $0.url = url }
    }

    func change(_ body: (inout Behaviour.State) -> Void) { behaviour.change(body) }

    /// A token as the token endpoint would give it now.
    func token() throws -> String { try behaviour.token() }

    /// The requests so far whose path ends like this.
    func requests(at path: String) -> [String] { behaviour.requests(at: path) }

    /// An issuer that is not there.
    static func absent() throws -> String { "http://127.0.0.1:\(try ScriptedServer.refusingPort())/api/oidc" }
}

/// What a `TestIssuer` answers.
final class Behaviour: Sendable {
    struct State {
        var url = ""
        var keys: [(id: String, signer: OpenSSLSigner)] = [("first", .rsa)]
        /// What the discovery document and the ID token say otherwise than they should; null leaves a member out.
        var metadata: [String: JSON] = [:]
        var claims: [String: JSON] = [:]
        var header: [String: JSON] = [:]
        /// Whole answers instead of the right ones, by the last part of the path.
        var answers: [String: (status: String, body: String)] = [:]
        /// What the answers are instead of JSON, by the last part of the path.
        var types: [String: String] = [:]
        var userinfo: JSON = ["sub": "subject-1"]
        var nonce = ""
        /// What the token endpoint gives otherwise than it does; null leaves a member out.
        var tokens: [String: JSON] = [:]
        var requests: [String] = []
    }

    private let state = Mutex(State())
    private let clock: TestClock

    init(clock: TestClock) { self.clock = clock }

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    func requests(at path: String) -> [String] {
        state.withLock { state in state.requests.filter { $0.contains("/\(path) HTTP/1.1\r\n") } }
    }

    func answer(to request: String) -> String {
        let state = state.withLock { state in
            state.requests.append(request)
            return state
        }
        let path = request.split(separator: " ")[1].split(separator: "/").last.map(String.init) ?? ""
        let (status, body) = state.answers[path] ?? ("200 OK", (try? body(at: path, state)) ?? "")
        let type = state.types[path] ?? "application/json"
        return "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(body)"
    }

    private func body(at path: String, _ state: State) throws -> String {
        switch path {
        case "openid-configuration": try metadata(state).text
        case "jwks":
            try JSON.object([
                "keys": .array(
                    state.keys.map { key in
                        .object(key.signer.members.mapValues { .string($0) }.merging(["kid": .string(key.id)]) { $1 })
                    })
            ]).text
        case "token":
            try Self.bend(
                [
                    "access_token": "access-1", "token_type": "bearer", "id_token": .string(token(state)),
                    "expires_in": 3600,
                ], state.tokens
            ).text
        case "userinfo": try state.userinfo.text
        default: "nothing here"
        }
    }

    private func metadata(_ state: State) -> JSON {
        Self.bend(
            [
                "issuer": .string(state.url), "authorization_endpoint": .string(state.url + "/auth"),
                "token_endpoint": .string(state.url + "/token"), "jwks_uri": .string(state.url + "/jwks"),
                "userinfo_endpoint": .string(state.url + "/userinfo"),
                "revocation_endpoint": .string(state.url + "/revoke"),
                "end_session_endpoint": .string(state.url + "/end_session"),
            ], state.metadata)
    }

    func token() throws -> String { try token(state.withLock { $0 }) }

    private func token(_ state: State) throws -> String {
        let now = Int64(clock.now.timeIntervalSince1970)
        let claims = Self.bend(
            [
                "iss": .string(state.url), "sub": "subject-1", "aud": "orrery", "exp": .integer(now + 600),
                "iat": .integer(now), "nonce": .string(state.nonce), "preferred_username": "ada",
                "name": "Ada Lovelace",
                "wlcg.groups": ["/orrery/developers", "/orrery/project/photoz"], "uidNumber": 20001,
                "gidNumber": "20001",
            ], state.claims)
        let header = Self.bend(["alg": "RS256", "kid": .string(state.keys[0].id), "typ": "JWT"], state.header)
        return try state.keys[0].signer.token(header.text, claims.text)
    }

    private static func bend(_ members: [String: JSON], _ changes: [String: JSON]) -> JSON {
        .object(members.merging(changes) { $1 }.filter { $0.value != .null })
    }
}

/// A clock that only the test moves.
final class TestClock: Sendable {
    private let instant = Mutex(Date(timeIntervalSince1970: 1_780_000_000))
    var now: Date { instant.withLock { $0 } }
    func advance(_ seconds: TimeInterval) { instant.withLock { $0 += seconds } }
}
