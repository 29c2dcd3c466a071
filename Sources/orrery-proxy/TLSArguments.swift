internal import ArgumentParser
internal import OrreryProxy
internal import OrreryWire

/// How browsers are spoken to; what is said of protocol and ciphers holds for the REST interface and for targets too.
struct TLSArguments: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: "PEM file of a key. Several, with as many certificates, are chosen by the name a browser asks for.")
    var sslKey: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "PEM file of its certificate, and of those that it needs.")
    var sslCert: [String] = []
    @Option(help: "PEM file of the authorities that clients' certificates come from.") var sslCa: String?
    @Flag(help: "Ask clients for a certificate.") var sslRequestCert = false
    @Flag(help: "Refuse clients without a good certificate, if they are asked for one.") var sslRejectUnauthorized =
        false
    @Option(help: "TLSv1_2 or TLSv1_3, for that version alone.") var sslProtocol: TLSProtocol?
    @Option(help: "Ciphers in OpenSSL's words, separated by colons.") var sslCiphers: String?
    @Option(help: "PEM file of the numbers for DHE.") var sslDhparam: String?
    @Flag(help: "Never let the kernel encrypt large answers, though it could.") var noKernelTls = false
    @Flag(help: .hidden) var sslAllowRc4 = false

    func validate() throws {
        guard sslKey.isEmpty || sslCert.isEmpty || sslKey.count == sslCert.count else {
            throw ValidationError("--ssl-key and --ssl-cert must be given equally often, in the same order")
        }
    }

    /// Whether browsers are spoken to in TLS at all.
    var isOn: Bool { !sslKey.isEmpty || !sslCert.isEmpty }

    func apply(to configuration: inout ProxyConfiguration, environment: Environment) {
        if sslAllowRc4 { configuration.notes.append("--ssl-allow-rc4 has no effect: nobody speaks RC4 any more") }
        configuration.usesKernelTLS = !noKernelTls
        var idle = IdleOptions()
        idle.checkClients(
            "--ssl-", isOn: isOn, authorities: sslCa, asks: sslRequestCert, rejects: sslRejectUnauthorized)
        configuration.notes += idle.notes
        guard isOn else { return }
        // Either one alone names a file that holds both.
        let certificates = sslCert.isEmpty ? sslKey : sslCert
        let keys = sslKey.isEmpty ? sslCert : sslKey
        let passphrase = environment.secret("CONFIGPROXY_SSL_KEY_PASSPHRASE")
        var tls = TLSServerConfiguration(
            identities: zip(certificates, keys).map { TLSIdentity(certificate: $0, key: $1, passphrase: passphrase) })
        tls.clientAuthorities = sslCa
        tls.clientCertificates = .init(asks: sslRequestCert, rejects: sslRejectUnauthorized)
        applyCommon(to: &tls)
        configuration.tls = tls
    }

    /// What holds for every server of ours.
    func applyCommon(to tls: inout TLSServerConfiguration) {
        if let version = sslProtocol?.version { (tls.least, tls.greatest) = (version, version) }
        tls.ciphers = sslCiphers
        tls.parameters = sslDhparam
    }
}

extension TLSServerConfiguration.ClientCertificates {
    /// Who is not asked cannot be rejected.
    init(asks: Bool, rejects: Bool) { self = !asks ? .unasked : rejects ? .required : .requested }
}

/// A version as OpenSSL's methods are called.
enum TLSProtocol: String, ExpressibleByArgument, CaseIterable {
    case any = "TLS", alsoAny = "SSLv23", v12 = "TLSv1_2", v13 = "TLSv1_3"

    /// Nil for all that are good.
    var version: TLSVersion? {
        switch self {
        case .any, .alsoAny: nil
        case .v12: .v12
        case .v13: .v13
        }
    }
}
