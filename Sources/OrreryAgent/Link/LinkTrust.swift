package import OrreryCrypto
internal import OrreryLink
internal import OrreryModel
internal import OrreryWire

/// Whom the agent believes to be a proxy, and what it shows: TLS for both kinds of connection, made from one key.
package struct LinkTrust: Sendable {
    let control: TLSContext
    let data: TLSContext
    /// SHA-256 of each SubjectPublicKeyInfo that a proxy may show. Empty: authorities have said yes by then.
    private let pins: [[UInt8]]

    static let controlProtocol = "orrery-c/1"
    static let dataProtocol = "orrery-d/1"

    /// With pins a proxy is known by its key alone; without, by its name and the authorities of the PEM file, or of the
    /// system for nil.
    package init(key: AgentKey, pins: [[UInt8]], authorities: String? = nil) throws(AgentError) {
        self.pins = pins
        do {
            var configuration = TLSClientConfiguration()
            configuration.ownIdentity = TLSOwnIdentity(
                certificate: try key.certificate(), key: Secret(String(decoding: key.revealPEM(), as: UTF8.self)))
            configuration.verifies = pins.isEmpty
            if pins.isEmpty { configuration.authorities = authorities }
            configuration.least = .v13
            configuration.protocols = [Self.controlProtocol]
            control = try .client(configuration)
            configuration.protocols = [Self.dataProtocol]
            configuration.lendsKeys = true
            data = try .client(configuration)
        } catch {
            throw .configuration("TLS cannot be set up: \(error)")
        }
    }

    /// Whether a proxy is who it should be, once the handshake is done; in words when it is not.
    func complaint(about stream: borrowing TLSStream, speaking name: String) -> String? {
        guard stream.agreedProtocol.utf8.elementsEqual(name.utf8) else {
            return "it does not speak \(name): it is no Orrery proxy, or one that takes no agents"
        }
        guard !pins.isEmpty else { return nil }
        guard let key = stream.peerPublicKey else { return "it shows no certificate" }
        let digest = Digest.sha256.of(key)
        guard !pins.contains(digest) else { return nil }
        return
            "its key is \(JoinString.text(ofPin: digest)), which is not pinned in the join string. Somebody may be in "
            + "between, or the proxy has a new key: ask the hub's admin for a new join string"
    }
}
