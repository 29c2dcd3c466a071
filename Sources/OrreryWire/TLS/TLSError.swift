/// Why TLS cannot be set up. Each names the file and what to do about it; none says what is in a key.
package enum TLSError: Error, Equatable, CustomStringConvertible {
    case unreadable(file: String, SystemError)
    case noCertificate(file: String)
    case noKey(file: String)
    case keyIsEncrypted(file: String)
    case wrongPassphrase(file: String)
    case keyDoesNotMatch(key: String, certificate: String)
    case badParameters(file: String)
    case noIdentity
    case noAuthorities
    case badCiphers(String)
    case badProtocol(String)
    /// Something that OpenSSL does not take, in its own words.
    case refused(file: String, String)
    case noMemory

    package var description: String {
        switch self {
        case .unreadable(let file, let error): "cannot read \(file): \(error)"
        case .noCertificate(let file): "\(file) holds no certificate; give a PEM file with a BEGIN CERTIFICATE"
        case .noKey(let file): "\(file) holds no private key; give a PEM file with a BEGIN PRIVATE KEY"
        case .keyIsEncrypted(let file): "\(file) is encrypted and no passphrase is set"
        case .wrongPassphrase(let file): "\(file) does not open with the passphrase that is set"
        case .keyDoesNotMatch(let key, let certificate):
            "the key \(key) is not that of the certificate \(certificate); give the two that were made together"
        case .badParameters(let file): "\(file) holds no DH parameters; make some with openssl dhparam"
        case .noIdentity: "TLS needs a certificate and a key"
        case .noAuthorities: "clients are asked for certificates, but no file says whose certificates are good"
        case .badCiphers(let list): "no cipher of \(list) is known; openssl ciphers names those that are"
        case .badProtocol(let name): "\(name) is no protocol name; it has 1 to 255 bytes"
        case .refused(let file, let reason): "\(file) cannot be used: \(reason)"
        case .noMemory: "no memory left for TLS"
        }
    }

    /// The file that it is about; nil when it is about none.
    package var file: String? {
        switch self {
        case .unreadable(let file, _), .noCertificate(let file), .noKey(let file), .keyIsEncrypted(let file),
            .wrongPassphrase(let file), .keyDoesNotMatch(let file, _), .badParameters(let file), .refused(let file, _):
            file
        case .noIdentity, .noAuthorities, .badCiphers, .badProtocol, .noMemory: nil
        }
    }
}

/// Why a connection could not be secured.
package struct TLSFailure: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// The other side speaks HTTP without TLS.
        case plainHTTP
        /// The other side's certificate is not good, or there is none.
        case untrusted
        /// Anything else: no version or cipher in common, bytes that are no TLS, the other side gave up.
        case broken
    }

    package let kind: Kind
    /// OpenSSL's words for it. Nothing the other side wrote.
    package let reason: String
}
