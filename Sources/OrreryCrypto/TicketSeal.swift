import COpenSSL

/// Seals tickets and opens them: AES-256-GCM under one of a few keys, bound to a kind, to a host, and for an entry to
/// the browser that asked for it.
///
/// A sealed ticket is base64url of: number of the key (4 bytes), random nonce (12), content, tag (16). The content is
/// three times (4 bytes each), the length of the person's name (1), the person, the session. Only who has the key can
/// read it or make one, and whatever is changed in it, it does not open.
///
/// After it was made no opening allocates, whether a ticket opens or not.
///
/// Concurrency: belongs to one thread. What was opened or sealed last is read from it until the next call.
@safe package struct TicketSeal: ~Copyable {
    private let ids: [UInt32]
    /// One for each key, which it has taken already: only the nonce is new for a ticket.
    private let openers: [OpaquePointer]
    private let sealer: OpaquePointer
    let hash: OpaquePointer
    // Fixed memory, each as large as its limit below.
    let sealedBytes: UnsafeMutablePointer<UInt8>
    let contentBytes: UnsafeMutablePointer<UInt8>
    let boundBytes: UnsafeMutablePointer<UInt8>
    let textBytes: UnsafeMutablePointer<UInt8>
    /// The six bits of each character of base64url; 128 for every other byte.
    let sextets: UnsafeMutablePointer<UInt8>
    /// How many bytes of these are a content, an associated text and a text.
    var contentCount = 0
    var boundCount = 0
    var textCount = 0

    package init(_ keys: GateKeys) {
        ids = keys.keys.map(\.id)
        unsafe openers = keys.keys.map { unsafe Self.context($0, isSealing: false) }
        unsafe sealer = Self.context(keys.keys[0], isSealing: true)
        guard let hash = unsafe EVP_MD_CTX_new() else { fatalError("no memory left for a hash") }
        let code = unsafe EVP_DigestInit_ex2(hash, EVP_sha256(), nil)
        precondition(code == 1, "OpenSSL has no SHA-256: its provider is missing")
        unsafe self.hash = hash
        unsafe sealedBytes = Self.bytes(Self.frameSize + Self.contentLimit)
        unsafe contentBytes = Self.bytes(Self.contentLimit)
        unsafe boundBytes = Self.bytes(Self.boundLimit)
        unsafe textBytes = Self.bytes(Self.textLimit)
        unsafe sextets = Self.bytes(256)
        for byte in UInt8.min...UInt8.max {
            unsafe sextets[Int(byte)] = Base64URL.value(of: byte).map { UInt8($0) } ?? 128
        }
    }

    deinit {
        unsafe openers.forEach { unsafe EVP_CIPHER_CTX_free($0) }
        unsafe EVP_CIPHER_CTX_free(sealer)
        unsafe EVP_MD_CTX_free(hash)
        unsafe sealedBytes.deallocate()
        unsafe contentBytes.deallocate()
        unsafe boundBytes.deallocate()
        unsafe textBytes.deallocate()
        unsafe sextets.deallocate()
    }

    private static func bytes(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        unsafe bytes.initialize(repeating: 0, count: count)
        return unsafe bytes
    }

    private static func context(_ key: GateKey, isSealing: Bool) -> OpaquePointer {
        guard let context = unsafe EVP_CIPHER_CTX_new() else { fatalError("no memory left for a cipher") }
        let code = unsafe EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, key.bytes, nil, isSealing ? 1 : 0)
        precondition(code == 1, "OpenSSL has no AES-256-GCM: its provider is missing")
        return unsafe context
    }

    static let idSize = 4
    static let nonceSize = 12
    static let tagSize = 16
    static let frameSize = idSize + nonceSize + tagSize
    /// Three times and the length of a name.
    static let fixedSize = 13
    static let contentLimit = fixedSize + 2 * Ticket.nameLimit

    /// Characters of a sealed ticket.
    package static let textLimit = ((frameSize + contentLimit) * 4 + 2) / 3
    static let label: StaticString = "orrery-ticket-1"
    static let boundLimit = 15 + 1 + 255 + 1 + 64

    // MARK: The cipher

    /// Takes the tag off and the content out of the first `count` bytes of `sealedBytes`. False when they were not
    /// sealed so.
    func decipher(_ count: Int) -> Bool {
        // All places are inside our memory, whose sizes are these limits; `count` was checked against them.
        let id = unsafe UInt32(bigEndian: UnsafeRawPointer(sealedBytes).loadUnaligned(as: UInt32.self))
        guard let index = ids.firstIndex(of: id) else { return false }
        let context = unsafe openers[index]
        let nonce = unsafe sealedBytes + Self.idSize
        let body = unsafe nonce + Self.nonceSize
        let bodyCount = count - Self.frameSize
        var written: CInt = 0
        guard unsafe EVP_CipherInit_ex(context, nil, nil, nil, nonce, -1) == 1,
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CInt(Self.tagSize), body + bodyCount) == 1,
            unsafe EVP_CipherUpdate(context, nil, &written, boundBytes, CInt(boundCount)) == 1,
            unsafe EVP_CipherUpdate(context, contentBytes, &written, body, CInt(bodyCount)) == 1
        else { return false }
        return unsafe EVP_CipherFinal_ex(context, contentBytes + bodyCount, &written) == 1
    }

    /// Puts the sealed content into `sealedBytes` and returns how many bytes that are.
    func encipher() -> Int {
        unsafe UnsafeMutableRawPointer(sealedBytes).storeBytes(of: ids[0].bigEndian, as: UInt32.self)
        let nonce = unsafe sealedBytes + Self.idSize
        let body = unsafe nonce + Self.nonceSize
        var written: CInt = 0
        let isSealed =
            unsafe RAND_bytes(nonce, CInt(Self.nonceSize)) == 1
            && EVP_CipherInit_ex(sealer, nil, nil, nil, nonce, -1) == 1
            && EVP_CipherUpdate(sealer, nil, &written, boundBytes, CInt(boundCount)) == 1
            && EVP_CipherUpdate(sealer, body, &written, contentBytes, CInt(contentCount)) == 1
            && EVP_CipherFinal_ex(sealer, body + contentCount, &written) == 1
            && EVP_CIPHER_CTX_ctrl(sealer, EVP_CTRL_AEAD_GET_TAG, CInt(Self.tagSize), body + contentCount) == 1
        precondition(isSealed, "OpenSSL sealed nothing: no random bytes, or its provider is missing")
        return Self.frameSize + contentCount
    }
}
