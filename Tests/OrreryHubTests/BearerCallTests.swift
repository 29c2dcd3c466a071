import OrreryFetch
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub

/// Calls with an access token of an issuer.
struct BearerCallTests {
    private func call(
        _ hub: TestHub, _ token: String, _ path: String = "/hub/api/users/ada", from address: String = "192.0.2.7"
    ) async throws -> Answer {
        try await hub.send(
            "GET", path, headers: [("Authorization", "Bearer \(token)"), ("X-Forwarded-For", "10.0.0.1, \(address)")])
    }

    @Test func whoeverHasLoggedInOnceCallsWithTheOwnRights() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            let user = try await call(hub, "access:ada", "/hub/api/user")
            #expect(user.status == 200 && user.json?["name"] == "ada" && user.json?["token_id"] == .null)
            #expect(user.json?["scopes"]?.array?.contains("servers!user=ada") == true)
            #expect(try await call(hub, "access:ada").status == 200)
            _ = try await hub.person("grace")
            let foreign = try await call(hub, "access:ada", "/hub/api/users/grace")
            #expect(foreign.status == 403)
            #expect(
                foreign.headers["WWW-Authenticate"] == #"Bearer error="insufficient_scope", scope="read:users:name""#)
        }
    }

    @Test func aLinkedIdentityIsThatPerson() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            try await hub.database.link(
                Identity(issuer: TestIssuers.url(of: "test"), subject: "second"), to: ada.id, at: hub.clock.now)
            #expect(try await call(hub, "access:second", "/hub/api/user").json?["name"] == "ada")
        }
    }

    @Test("F13: one answer for every reason, 401 except where a single-user server asks")
    func refusals() async throws {
        try await TestHub.run { hub in
            let suspended = try await hub.person("suspended")
            _ = try await hub.database.setSuspended(true, person: suspended.id)
            _ = try await hub.person("mallory")
            _ = try await hub.person("banned")
            _ = try await hub.person("left", groups: [Group(name: "elsewhere")])
            let removed = try await hub.person("removed")
            try await hub.database.remove(person: removed.id)
            var bodies: Set<[UInt8]> = []
            for token in [
                "forged", "access:stranger", "access:suspended", "access:mallory", "access:banned", "access:left",
                "access:removed", "ey.ey.sig",
            ] {
                let answer = try await call(hub, token)
                #expect(answer.status == 401, "\(token)")
                #expect(answer.headers["WWW-Authenticate"] == #"Bearer error="invalid_token""#)
                bodies.insert(answer.body)
                let contract = try await call(hub, token, "/hub/api/user")
                #expect(contract.status == 403 && contract.headers["WWW-Authenticate"] == nil, "\(token)")
            }
            #expect(bodies.count == 1)
        }
    }

    @Test func anIssuerThatCannotBeReachedIsNotANo() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            hub.issuers.isAway.withLock { $0 = true }
            for path in ["/hub/api/user", "/hub/api/users/ada"] {
                let answer = try await call(hub, "access:ada", path)
                #expect(answer.status == 503 && answer.headers["Retry-After"] != nil)
            }
        }
    }

    @Test("B1: one Authorization, and no token in the query") func oneHeader() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            for headers in [
                [("Authorization", "Bearer access:ada"), ("Authorization", "Bearer access:ada")],
                [("Authorization", "Bearer access:ada, Bearer access:ada")], [("Authorization", "Bearer")],
            ] {
                #expect(try await hub.send("GET", "/hub/api/user", headers: headers).status == 403)
            }
            for name in ["token", "access_token"] {
                #expect(try await hub.send("GET", "/hub/api/user?\(name)=access:ada").status == 403)
            }
        }
    }

    @Test("F14: whoever fails too often waits, and nobody else does") func limits() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            for _ in 1...60 { #expect(try await call(hub, "forged").status == 401) }
            for token in ["forged", "access:ada"] {
                let answer = try await call(hub, token)
                #expect(answer.status == 429 && answer.headers["Retry-After"] == "1")
            }
            #expect(try await call(hub, "access:ada", from: "192.0.2.8").status == 200)
            let own = try await hub.token(of: hub.person("ada"), scopes: ["read:users!user=ada"])
            #expect(try await call(hub, own).status == 200)
            hub.clock.turn(by: .seconds(1))
            #expect(try await call(hub, "access:ada").status == 200)
        }
    }

    @Test("F14: while an issuer's tokens fail, those wait who sent some of them") func limitsByIssuer() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            let bearers = hub.services.gate.bearers
            for number in 1...1000 {
                await #expect(throws: Bearers.Refusal.self) {
                    try await bearers.person(
                        "forged", from: ClientAddress(InternetAddress("192.0.\(number / 200).\(number % 200)")))
                }
            }
            let error = await #expect(throws: HubError.self) {
                try await bearers.person("access:ada", from: ClientAddress(InternetAddress("192.0.1.1")))
            }
            #expect(error?.kind == .tooMany)
            #expect(
                try await bearers.person("access:ada", from: ClientAddress(InternetAddress("198.51.100.1"))).person.name
                    == "ada")
        }
    }

    @Test func aTokenMadeByAPersonIsWorthNoMoreThanThePersonIsNow() async throws {
        try await TestHub.run { hub in
            let chiefs: Set<Group> = [Group(name: "atlas"), Group(name: "operators")]
            let grace = try await hub.person("grace", groups: chiefs, isAdmin: true)
            let token = try await hub.token(of: grace, scopes: ["admin:users", "read:users!user=grace"])
            _ = try await hub.person("ada")
            #expect(try await hub.call("GET", "/users/ada", token: token).status == 200)
            let lesser = Person(
                identity: grace.person.identity, name: "grace", uid: grace.person.uid, gid: grace.person.gid,
                groups: [Group(name: "atlas")])
            _ = try await hub.database.refresh(lesser, isAdmin: false, at: hub.clock.now)
            #expect(try await hub.call("GET", "/users/ada", token: token).status == 403)
            #expect(try await hub.call("GET", "/users/grace", token: token).status == 200)
        }
    }
}

struct FailureLimitTests {
    private let clock = TurnedClock()

    private func limit(_ burst: Int, _ interval: Duration) -> FailureLimit {
        FailureLimit(burst: burst, interval: interval, now: { [clock] in clock.now })
    }

    @Test func eachFailureIsForgivenAfterTheOther() {
        let limit = limit(3, .seconds(10))
        for _ in 1...2 { limit.record("a") }
        #expect(limit.wait("a") == nil && limit.hasFailed("a") && !limit.hasFailed("b"))
        limit.record("a")
        #expect(limit.wait("a") == .seconds(10))
        clock.turn(by: .seconds(10))
        #expect(limit.wait("a") == nil && limit.hasFailed("a"))
        clock.turn(by: .seconds(20))
        #expect(!limit.hasFailed("a"))
    }

    // Neither does that forgive anything.
    @Test func aClockThatIsSetBackKeepsNobodyWaitingUntilItHasCaughtUp() {
        let limit = limit(2, .seconds(10))
        for _ in 1...3 { limit.record("a") }
        clock.turn(by: .seconds(-3600))
        #expect(limit.wait("a") == .seconds(20))
        clock.turn(by: .seconds(20))
        #expect(limit.wait("a") == nil && limit.hasFailed("a"))
        clock.turn(by: .seconds(-3600))
        limit.record("a")
        #expect(limit.wait("a") == .seconds(10))
    }

    @Test func manyPlacesDoNotFillTheMemory() {
        let limit = limit(1, .seconds(10))
        for number in 1...60_000 { limit.record("\(number)") }
        #expect((1...60_000).count { limit.hasFailed("\($0)") } <= 20_001)
        #expect(limit.wait("60000") != nil)
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"), ("::1", "::/64"), ("::ffff:192.0.2.7", "192.0.2.7"),
        ("your own machine", "unknown"), ("192.0.2.7:4711", "unknown"), ("192.0.2.7\0", "unknown"), ("", "unknown"),
    ])
    func anAddressIsItsNetwork(_ text: String, _ place: String) {
        #expect(ClientAddress(InternetAddress(text)).description == place)
    }
}
