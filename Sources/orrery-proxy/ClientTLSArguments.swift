internal import ArgumentParser
internal import OrreryProxy
internal import OrreryWire

/// How targets under https are spoken to.
struct ClientTLSArguments: ParsableArguments {
    @Option(help: "PEM file of the key that https targets are shown.") var clientSslKey: String?
    @Option(help: "PEM file of its certificate.") var clientSslCert: String?
    @Option(help: "PEM file of the authorities that their certificates come from.") var clientSslCa: String?
    @Flag(help: "Do not verify https targets: anybody may be in between.") var insecure = false
    // Servers ask for certificates, clients do not: these never had an effect.
    @Flag(help: .hidden) var clientSslRequestCert = false
    @Flag(help: .hidden) var clientSslRejectUnauthorized = false

    func apply(to configuration: inout ProxyConfiguration, environment: Environment, common: TLSArguments) {
        var tls = TLSClientConfiguration()
        if let certificate = clientSslCert ?? clientSslKey, let key = clientSslKey ?? clientSslCert {
            let passphrase = environment.secret("CONFIGPROXY_CLIENT_SSL_KEY_PASSPHRASE")
            tls.identity = TLSIdentity(certificate: certificate, key: key, passphrase: passphrase)
        }
        tls.authorities = clientSslCa
        tls.verifies = !insecure
        if insecure, clientSslCa != nil {
            configuration.notes.append("--client-ssl-ca has no effect with --insecure: no target is verified")
        }
        if let version = common.sslProtocol?.version { (tls.least, tls.greatest) = (version, version) }
        tls.parameters = common.sslDhparam
        configuration.clientTLS = tls
    }
}
