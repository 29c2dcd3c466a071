import OrreryHub

/// The hub that a command speaks to, as people write it.
struct HubAddress: Hashable, Sendable {
    /// Scheme, host and port: `https://hub.example.org`.
    let origin: String

    /// Throws a sentence for anything but a hub's address, and for one at which a token would travel in the clear.
    init(_ text: String) throws(Failure) {
        let hasScheme = text.contains("://")
        guard let url = PublicURL(hasScheme ? text : "https://\(text)") else {
            throw Failure("\(text) is no address of a hub; write it as https://hub.example.org")
        }
        guard url.isSecure || Self.isHere(url.origin) else {
            throw Failure("\(url) is not https: whoever listens on the way would have your token")
        }
        origin = url.origin
    }

    /// Whether it is this very machine.
    private static func isHere(_ origin: String) -> Bool {
        let authority = origin.dropFirst("http://".count)
        return ["localhost", "127.0.0.1", "[::1]"].contains { authority == $0 || authority.hasPrefix($0 + ":") }
    }
}
