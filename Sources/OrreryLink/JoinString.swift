internal import OrreryCrypto
package import OrreryModel

/// The one line that a site needs to join: where the proxy is, perhaps a token that admits once, and perhaps the keys by
/// which the proxy is known.
///
///     orrery://hub.example.org:8443/k7m2qd.9nybj0526mjw1jbf#pin=sha256:BASE64,sha256:BASE64
package struct JoinString: Equatable, Sendable {
    package let host: String
    package let port: UInt16
    package let token: JoinToken?
    /// SHA-256 of each SubjectPublicKeyInfo that the proxy may show. Empty: its certificate is judged by authorities.
    package let pins: [[UInt8]]

    package init(host: String, port: UInt16 = 443, token: JoinToken? = nil, pins: [[UInt8]] = []) {
        self.host = host
        self.port = port
        self.token = token
        self.pins = pins
    }

    /// The line itself. Whoever has it with a token can join.
    package func reveal() -> String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        let pin = pins.map(Self.text(ofPin:)).joined(separator: ",")
        return "orrery://\(name)" + (port == 443 ? "" : ":\(port)") + (token.map { "/" + $0.reveal() } ?? "")
            + (pins.isEmpty ? "" : "#pin=" + pin)
    }

    /// A pin as it is written everywhere: `sha256:` and standard base64.
    package static func text(ofPin pin: [UInt8]) -> String { "sha256:" + Base64.encode(pin) }

    /// The digest in a pin. Nil for what is none.
    package static func pin(_ text: some StringProtocol) -> [UInt8]? {
        guard text.hasPrefix("sha256:"), let digest = Base64.decode(text.dropFirst(7).utf8), digest.count == 32 else {
            return nil
        }
        return digest
    }
}

/// What admits an agent once.
package struct JoinToken: Equatable, Sendable, CustomStringConvertible {
    /// Not secret: 6 characters by which the hub finds it.
    package let id: String
    package let secret: Secret

    /// Nil unless it is `id.secret`, of 6 and 16 characters of `a-z0-9`.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 6, parts[1].utf8.count == 16,
            parts.allSatisfy({ $0.utf8.allSatisfy { $0 &- 48 < 10 || $0 &- 97 < 26 } })
        else { return nil }
        id = String(parts[0])
        secret = Secret(String(parts[1]))
    }

    /// `id.secret`.
    package func reveal() -> String { "\(id).\(secret.reveal())" }
    package var description: String { "\(id).\(secret)" }
}
