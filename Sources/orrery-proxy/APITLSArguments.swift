internal import ArgumentParser
internal import OrreryProxy
internal import OrreryWire

/// How users of the REST interface are spoken to.
struct APITLSArguments: ParsableArguments {
    @Option(help: "PEM file of the REST interface's key.") var apiSslKey: String?
    @Option(help: "PEM file of its certificate.") var apiSslCert: String?
    @Option(help: "PEM file of the authorities that its clients' certificates come from.") var apiSslCa: String?
    @Flag(help: "Ask its clients for a certificate.") var apiSslRequestCert = false
    @Flag(help: "Refuse those without a good one, if they are asked for it.") var apiSslRejectUnauthorized = false

    func apply(to configuration: inout ProxyConfiguration, environment: Environment, common: TLSArguments) {
        let isOn = apiSslCert != nil || apiSslKey != nil
        var idle = IdleOptions()
        idle.checkClients(
            "--api-ssl-", isOn: isOn, authorities: apiSslCa, asks: apiSslRequestCert, rejects: apiSslRejectUnauthorized)
        idle.check(
            "--ssl-ciphers", isGiven: common.sslCiphers != nil, needs: "the certificate of a listener",
            isThere: isOn || common.isOn)
        configuration.notes += idle.notes
        guard let certificate = apiSslCert ?? apiSslKey, let key = apiSslKey ?? apiSslCert else { return }
        let passphrase = environment.secret("CONFIGPROXY_API_SSL_KEY_PASSPHRASE")
        var tls = TLSServerConfiguration(
            identities: [TLSIdentity(certificate: certificate, key: key, passphrase: passphrase)])
        tls.clientAuthorities = apiSslCa
        tls.clientCertificates = .init(asks: apiSslRequestCert, rejects: apiSslRejectUnauthorized)
        common.applyCommon(to: &tls)
        configuration.apiTLS = tls
    }
}
