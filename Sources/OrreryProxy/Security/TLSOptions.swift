internal import OrreryWire

/// Which option of the command line a file of a TLS configuration comes from, so that an error can name it.
enum TLSOptions {
    /// The option that `error` is about. `prefix` is what the options of this side begin with: `--ssl-`, `--api-ssl-`.
    static func option(for error: TLSError, _ prefix: String, in configuration: TLSServerConfiguration) -> String? {
        switch error {
        case .noAuthorities: return "\(prefix)ca"
        case .badCiphers: return "--ssl-ciphers"
        default: break
        }
        return option(
            for: error, prefix, configuration.identities, authorities: configuration.clientAuthorities,
            configuration.parameters)
    }

    /// The same for what is spoken to targets.
    static func option(for error: TLSError, in configuration: TLSClientConfiguration) -> String? {
        option(
            for: error, "--client-ssl-", configuration.identity.map { [$0] } ?? [],
            authorities: configuration.authorities, configuration.parameters)
    }

    private static func option(
        for error: TLSError, _ prefix: String, _ identities: [TLSIdentity], authorities: String?, _ parameters: String?
    ) -> String? {
        guard let file = error.file else { return nil }
        // One file may be given for several things; then it depends on what is wrong with it.
        switch error {
        case .noKey, .keyIsEncrypted, .wrongPassphrase, .keyDoesNotMatch: return "\(prefix)key"
        case .badParameters: return "--ssl-dhparam"
        default: break
        }
        if identities.contains(where: { $0.certificate == file }) { return "\(prefix)cert" }
        if identities.contains(where: { $0.key == file }) { return "\(prefix)key" }
        if file == authorities { return "\(prefix)ca" }
        return file == parameters ? "--ssl-dhparam" : nil
    }
}
