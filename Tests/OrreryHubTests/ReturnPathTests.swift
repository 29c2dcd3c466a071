import Testing

@testable import OrreryHub

struct ReturnPathTests {
    @Test(arguments: [
        ("/hub/home", "/hub/home"),
        ("/user/ada/lab/tree/a.ipynb?reset=1&x=%2F%2Fevil", "/user/ada/lab/tree/a.ipynb?reset=1&x=%2F%2Fevil"),
        (
            "/hub/api/oauth2/authorize?redirect_uri=%2Fuser%2Fada%2F",
            "/hub/api/oauth2/authorize?redirect_uri=%2Fuser%2Fada%2F"
        ),
        ("/hub/home#part", "/hub/home"),
        ("/", "/"),
    ])
    func keepsPathAndQuery(_ given: String, _ kept: String) {
        #expect(ReturnPath(given)?.text == kept)
    }

    @Test(
        "F7: what a browser may read as another site is no way back",
        arguments: [
            "", "hub/home", "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example",
            "\\/evil.example",
            "/%2fevil.example", "/%2Fevil.example", "/%5Cevil.example", "/%5cevil.example", "/\tevil",
            "/a\r\nSet-Cookie: x=1",
            "/a b", "/naïve", "javascript:alert(1)", " /hub/home", "/hub\\home", "/hub/\u{0}",
        ])
    func refusesWhatABrowserMayReadAsAnotherSite(_ given: String) {
        #expect(ReturnPath(given) == nil)
    }

    @Test func refusesWhatIsTooLongToBeOurs() {
        #expect(ReturnPath("/" + String(repeating: "a", count: 5000)) == nil)
        #expect(ReturnPath(nil) == nil)
    }
}
