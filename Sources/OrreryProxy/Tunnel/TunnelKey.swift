internal import OrreryCrypto
internal import OrreryLink
internal import OrreryWire

/// The key by which agents know a proxy that has no certificate: made once, and kept in its state directory.
struct TunnelKey {
    /// How connections of agents, and of nobody else, are secured with it.
    let configuration: TLSServerConfiguration
    /// The key as join strings have it.
    let pins: [String]

    private static let keyFile = "agents-key.pem"
    private static let certificateFile = "agents-cert.pem"

    /// Nil where no agent comes, where the proxy has a certificate of its own, and where there is no place to keep a key.
    static func of(_ configuration: ProxyConfiguration, in directory: StateDirectory?) throws(ProxyError) -> TunnelKey?
    {
        guard configuration.hub != nil, configuration.tls == nil, let directory else { return nil }
        return try TunnelKey(in: directory)
    }

    private init(in directory: StateDirectory) throws(ProxyError) {
        do throws(CryptoError) {
            let key = try Self.key(in: directory)
            pins = [JoinString.text(ofPin: Digest.sha256.of(key.publicKey.info))]
        } catch {
            throw .tunnelKey("\(error)")
        }
        var configuration = TLSServerConfiguration(
            identities: [
                TLSIdentity(
                    certificate: "\(directory.path)/\(Self.certificateFile)", key: "\(directory.path)/\(Self.keyFile)")
            ])
        configuration.least = .v13
        configuration.protocols = []
        configuration.keyedProtocols = LinkProtocol.allCases.map(\.rawValue)
        self.configuration = configuration
    }

    private static func key(in directory: StateDirectory) throws(CryptoError) -> AgentKey {
        do {
            if let pem = try directory.read(keyFile), try directory.read(certificateFile) != nil {
                return try AgentKey(pem: pem)
            }
            let key = try AgentKey.fresh()
            try directory.replace(keyFile, with: key.revealPEM())
            try directory.replace(certificateFile, with: key.certificate())
            return key
        } catch let error as CryptoError {
            throw error
        } catch {
            throw CryptoError(.key, "\(error)")
        }
    }

    /// The same for browsers and agents, told apart by what they want to speak.
    static func admitting(_ browsers: TLSServerConfiguration) -> TLSServerConfiguration {
        var both = browsers
        both.keyedProtocols = LinkProtocol.allCases.map(\.rawValue)
        return both
    }
}
