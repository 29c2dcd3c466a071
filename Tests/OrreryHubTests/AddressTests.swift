import Testing

@testable import OrreryHub

struct AddressTests {
    @Test(arguments: [
        ("127.0.0.1:8081", "127.0.0.1", 8081), ("[::1]:80", "::1", 80), ("0.0.0.0:0", "0.0.0.0", 0),
        ("hub.example:65535", "hub.example", 65535),
    ])
    func readsHostAndPort(_ text: String, _ host: String, _ port: Int) {
        #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
        #expect(ListenAddress(text)?.description == text)
    }

    @Test(arguments: ["", "8081", ":8081", "::1:80", "host", "host:", "host:65536", "host:-1", "ho st:1", "[]:1"])
    func refusesWhatIsNoAddress(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test func allInterfacesAreReachedThroughLoopback() {
        #expect(ListenAddress("0.0.0.0:8000")?.reachable.description == "127.0.0.1:8000")
        #expect(ListenAddress("[::]:8000")?.reachable.description == "[::1]:8000")
        #expect(ListenAddress("10.1.2.3:8000")?.reachable.description == "10.1.2.3:8000")
    }

    @Test(arguments: [
        ("https://Hub.Example.org/", "https://hub.example.org", true),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", false),
        ("https://hub.example.org:443", "https://hub.example.org", true), ("http://[::1]:80", "http://[::1]", false),
    ])
    func theOriginIsWrittenAsBrowsersWriteIt(_ text: String, _ origin: String, _ isSecure: Bool) {
        #expect(PublicURL(text)?.origin == origin)
        #expect(PublicURL(text)?.isSecure == isSecure)
    }

    @Test(arguments: ["hub.example.org", "ftp://hub", "https://", "https://hub/path", "https://u@hub", "https://hub?x"])
    func refusesWhatIsNoSite(_ text: String) {
        #expect(PublicURL(text) == nil)
    }
}
