package import OrreryModel

/// A certificate with its key: paths of PEM files.
package struct TLSIdentity: Sendable, Equatable {
    /// The certificate, then those that lead from it to an authority.
    package var certificate: String
    package var key: String
    /// What the key is encrypted with.
    package var passphrase: Secret?

    package init(certificate: String, key: String, passphrase: Secret? = nil) {
        self.certificate = certificate
        self.key = key
        self.passphrase = passphrase
    }
}

/// A certificate with its key, in PEM, that are in no file.
package struct TLSOwnIdentity: Sendable, Equatable {
    package var certificate: [UInt8]
    package var key: Secret

    package init(certificate: [UInt8], key: Secret) {
        self.certificate = certificate
        self.key = key
    }
}

/// The versions of TLS that are spoken; none is older.
package enum TLSVersion: Sendable, Equatable, CaseIterable {
    case v12, v13
}

/// How connections that are made to us are secured.
package struct TLSServerConfiguration: Sendable, Equatable {
    package enum ClientCertificates: Sendable, Equatable {
        case unasked
        /// A client may come without one; one that it shows must be good.
        case requested
        case required
    }

    /// Which of them is shown depends on the name that the client asks for; the first when it asks for none of theirs.
    /// Beside a certificate may lie `<its path>.ocsp`, the authority's word that it still holds, which is shown with it.
    package var identities: [TLSIdentity]
    package var clientCertificates = ClientCertificates.unasked
    /// The PEM file of the authorities that clients' certificates come from.
    package var clientAuthorities: String?
    package var least = TLSVersion.v12
    package var greatest = TLSVersion.v13
    /// Ciphers in OpenSSL's words, separated by colons; those of TLS 1.3 begin with `TLS_`. Nil for ours.
    package var ciphers: String?
    /// The PEM file of the numbers for DHE; without it OpenSSL's own are used.
    package var parameters: String?
    /// What is spoken inside, best first (ALPN).
    package var protocols = ["http/1.1"]
    /// What is spoken only with somebody who shows a key: over TLS 1.3, with a client's certificate that is not judged,
    /// and without tickets. Nobody else is asked for a certificate because of these. `TLSStream.peerPublicKey` is the key.
    package var keyedProtocols: [String] = []
    /// Whether a kernel, or an engine that makes its own records, may go on encrypting what a connection sends. Its secret is
    /// kept for that.
    package var lendsKeys = false

    package init(identities: [TLSIdentity]) { self.identities = identities }
}

/// How connections that we make are secured.
package struct TLSClientConfiguration: Sendable, Equatable {
    /// The PEM file of the authorities that are trusted; nil for those of the system.
    package var authorities: String?
    /// What we show when we are asked.
    package var identity: TLSIdentity?
    /// The same without files; instead of `identity`.
    package var ownIdentity: TLSOwnIdentity?
    /// Whether a server must prove that it is who it should be. Without that anybody can be in between.
    package var verifies = true
    package var least = TLSVersion.v12
    package var greatest = TLSVersion.v13
    package var ciphers: String?
    package var parameters: String?
    package var protocols = ["http/1.1"]
    /// Whether a kernel, or an engine that makes its own records, may go on encrypting what a connection sends. Its secret is
    /// kept for that.
    package var lendsKeys = false

    package init() {}
}

extension TLSVersion {
    /// OpenSSL's number for it.
    var number: CInt {
        switch self {
        case .v12: 0x0303
        case .v13: 0x0304
        }
    }
}
