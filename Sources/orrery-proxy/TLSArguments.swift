internal import ArgumentParser
internal import OrreryProxy
internal import OrreryWire

/// How browsers are spoken to.
struct TLSArguments: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: "PEM file of a key. Several, with as many certificates, are chosen by the name a browser asks for.")
    var sslKey: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "PEM file of its certificate, and of those that it needs.")
    var sslCert: [String] = []

    func validate() throws {
        guard sslKey.isEmpty || sslCert.isEmpty || sslKey.count == sslCert.count else {
            throw ValidationError("--ssl-key and --ssl-cert must be given equally often, in the same order")
        }
    }

    func apply(to configuration: inout ProxyConfiguration, environment: Environment) {
        // Either one alone names a file that holds both.
        let certificates = sslCert.isEmpty ? sslKey : sslCert
        let keys = sslKey.isEmpty ? sslCert : sslKey
        guard !keys.isEmpty else { return }
        let passphrase = environment.secret("CONFIGPROXY_SSL_KEY_PASSPHRASE")
        configuration.tls = TLSServerConfiguration(
            identities: zip(certificates, keys).map { TLSIdentity(certificate: $0, key: $1, passphrase: passphrase) })
    }
}
