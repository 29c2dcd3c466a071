import Testing

/// The hub's login never reaches a notebook.
struct HubCookieTests {
    private static let login = "__Host-orrery-session=s3cret"

    @Test(
        arguments: [
            (["a=1; \(login); b=2"], ["a=1; b=2"]),
            (["\(login); a=1"], ["a=1"]),
            (["a=1;\(login)"], ["a=1"]),
            ([login], []),
            (["\t\(login) ;a=1"], ["a=1"]),
            (["a=1", "b=2; \(login)", "c=3"], ["a=1", "b=2", "c=3"]),
            (["a=__Host-orrery-session; __host-orrery-x=1"], ["a=__Host-orrery-session; __host-orrery-x=1"]),
        ] as [([String], [String])])
    func onlyTheOtherCookiesGoToANotebook(_ sent: [String], _ received: [String]) throws {
        let request = try Self.request(sent, to: "/user/ada/lab")
        let lines = request.split(separator: "\r\n").filter { $0.hasPrefix("Cookie:") }
        #expect(lines.map { $0.dropFirst(7).drop { $0 == " " } } == received.map { $0[...] })
        #expect(!request.contains("s3cret"))
    }

    @Test func theHubGetsThemAll() throws {
        let request = try Self.request(["a=1; \(Self.login)"], to: "/hub/home")
        #expect(request.contains("Cookie: a=1; \(Self.login)\r\n"))
    }

    private static func request(_ cookies: [String], to path: String) throws -> String {
        let rig = try Rig()
        let client = rig.client()
        let lines = cookies.map { "Cookie: \($0)\r\n" }.joined()
        rig.send(client, "GET \(path) HTTP/1.1\r\nHost: h\r\n\(lines)\r\n")
        return rig.kernel.sent(try rig.upstream())
    }
}
