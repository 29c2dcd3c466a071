import Testing

@testable import OrreryHub

struct CookieTests {
    @Test func behindTLSTheLoginIsBoundToTheHost() throws {
        let names = CookieNames(url: try #require(PublicURL("https://hub.example.org")))
        #expect(
            names.setLogin("v", lasting: .seconds(60))
                == "__Host-orrery-session=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure")
        #expect(names.setBrowser("b", lasting: .seconds(1)).hasPrefix("__Host-orrery-browser=b; Path=/; "))
        #expect(
            names.setServer("s", lasting: .seconds(60))
                == "jupyterhub-session-id=s; Path=/; Max-Age=60; SameSite=Lax; Secure")
    }

    @Test("F10: where hub and servers share a host, the path keeps the login from the servers")
    func withoutTLSTheLoginStaysAwayFromTheServers() throws {
        let names = CookieNames(url: try #require(PublicURL("http://127.0.0.1:8000")))
        #expect(
            names.setLogin("v", lasting: .seconds(60))
                == "orrery-session=v; Path=/hub/; Max-Age=60; HttpOnly; SameSite=Lax")
        #expect(
            names.setServer("s", lasting: .seconds(60)) == "jupyterhub-session-id=s; Path=/; Max-Age=60; SameSite=Lax")
    }

    @Test func logoutClearsWhatLoginSet() throws {
        let names = CookieNames(url: try #require(PublicURL("https://hub.example.org")))
        #expect(
            names.cleared.map { String($0.prefix { $0 != "=" }) } == ["__Host-orrery-session", "jupyterhub-session-id"])
        #expect(names.cleared.allSatisfy { $0.contains("Max-Age=0") && $0.contains("Path=/;") })
    }
}
