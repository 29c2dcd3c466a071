internal import COpenSSL
internal import Glibc

/// An authority's word that a certificate still holds (an OCSP response), shown with the certificate so that a browser
/// need not ask the authority.
struct TLSStaple: Sendable {
    let bytes: [UInt8]
    /// When it is worth nothing any more, in seconds since 1970.
    let expires: Int

    /// Nil when the bytes are no answer, or say anything else than that all is well.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard let expires = Self.expiry(of: bytes) else { return nil }
        self.expires = expires
    }

    /// A browser would take an old one for an attack.
    var isFresh: Bool { time(nil) < expires }

    private static func expiry(of bytes: [UInt8]) -> Int? {
        var seconds: Int64 = 0
        let code = unsafe orrery_ocsp_expiry(bytes, bytes.count, &seconds)
        ERR_clear_error()
        return code == 1 ? Int(seconds) : nil
    }
}
