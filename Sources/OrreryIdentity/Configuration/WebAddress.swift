import Foundation

/// Which URLs of an issuer we follow.
enum WebAddress {
    /// Whether `url` may be fetched or redirected to for `issuer`: https, and not on loopback; where the issuer itself is
    /// on loopback (one machine: a demo, a test), http and loopback too.
    static func isAcceptable(_ url: String, beside issuer: String) -> Bool {
        guard let (scheme, host) = parts(of: url), let own = parts(of: issuer) else { return false }
        guard isLoopback(own.host) else { return scheme == "https" && !isLoopback(host) }
        return scheme == "https" || isLoopback(host)
    }

    /// Whether the host of `url` is written as one of this machine.
    static func isOnLoopback(_ url: String) -> Bool { parts(of: url).map { isLoopback($0.host) } ?? false }

    private static func parts(of url: String) -> (scheme: String, host: String)? {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty, parts.user == nil,
            let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme), parts.fragment == nil
        else { return nil }
        return (scheme, host.lowercased())
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" || host == "[::1]" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
    }

    /// `fields` as a query or a form (`application/x-www-form-urlencoded`).
    static func encode(_ fields: [(String, String)]) -> String {
        fields.map { "\(escape($0.0))=\(escape($0.1))" }.joined(separator: "&")
    }

    /// Every byte but the unreserved ones of RFC 3986 2.3 as `%XX`.
    static func escape(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
