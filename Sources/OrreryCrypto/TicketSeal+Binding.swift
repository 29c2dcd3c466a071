import COpenSSL

extension TicketSeal {
    /// Writes what a ticket is bound to. False when that is nothing a ticket can be bound to.
    ///
    /// `host` is as a request's `Host` has it. Its port does not count, since browsers send a cookie to all ports of a
    /// host, and neither does the case of its letters. `browser` is the mark of the browser that an entry is made for;
    /// empty for a cookie.
    mutating func bind(_ kind: Ticket.Kind, host: Span<UInt8>, browser: Span<UInt8>) -> Bool {
        let hostCount = host.hostCount
        guard (1...255).contains(hostCount), browser.count <= 64 else { return false }
        boundCount = 0
        for index in 0..<Self.label.utf8CodeUnitCount { unsafe bind(Self.label.utf8Start[index]) }
        bind(kind.rawValue)
        for index in 0..<hostCount {
            let byte = host[index]
            bind(byte >= 65 && byte <= 90 ? byte | 0x20 : byte)
        }
        // No host has a zero in it, so no host and mark can be taken for another pair.
        bind(0)
        for index in 0..<browser.count { bind(browser[index]) }
        return true
    }

    private mutating func bind(_ byte: UInt8) {
        precondition(boundCount < Self.boundLimit)
        unsafe boundBytes[boundCount] = byte
        boundCount += 1
    }

    /// How many characters the mark of a browser has.
    package static let markCount = 43

    /// Writes the mark of the browser that keeps `secret` into `target`, which has room for it: SHA-256 in base64url.
    /// It may be seen in addresses, since nobody can find the secret by it. OpenSSL allocates a little for it.
    package func mark(ofBrowserKeeping secret: Span<UInt8>, to target: inout InlineArray<43, UInt8>) {
        var digest = InlineArray<32, UInt8>(repeating: 0)
        var digestSpan = digest.mutableSpan
        // Both spans are whole, and the digest has the 32 bytes that SHA-256 writes.
        unsafe digestSpan.withUnsafeMutableBufferPointer { digest in
            unsafe secret.withUnsafeBufferPointer { secret in
                let isHashed =
                    unsafe EVP_DigestInit_ex2(hash, nil, nil) == 1
                    && EVP_DigestUpdate(hash, secret.baseAddress, secret.count) == 1
                    && EVP_DigestFinal_ex(hash, digest.baseAddress, nil) == 1
                precondition(isHashed, "OpenSSL computed no hash: its provider is missing")
            }
        }
        Self.encode(digest, to: &target)
    }

    /// A secret that nobody can guess: 32 random bytes in base64url.
    package func freshSecret() -> InlineArray<43, UInt8> {
        var random = InlineArray<32, UInt8>(repeating: 0)
        var bytes = random.mutableSpan
        // As many bytes as the array has.
        let code = unsafe bytes.withUnsafeMutableBufferPointer { unsafe RAND_bytes($0.baseAddress, CInt($0.count)) }
        precondition(code == 1, "OpenSSL gave no random bytes; going on would make secrets that can be guessed")
        var target = InlineArray<43, UInt8>(repeating: 0)
        Self.encode(random, to: &target)
        return target
    }

    private static func encode(_ bytes: InlineArray<32, UInt8>, to target: inout InlineArray<43, UInt8>) {
        var (held, bits, place) = (UInt32(0), 0, 0)
        for index in 0..<32 {
            (held, bits) = (held << 8 | UInt32(bytes[index]), bits + 8)
            while bits >= 6 {
                bits -= 6
                target[place] = Base64URL.character(held >> bits)
                place += 1
            }
        }
        target[place] = Base64URL.character(held << (6 - bits))
    }
}

extension Span<UInt8> {
    /// How many bytes are the host in `host:port`.
    fileprivate var hostCount: Int {
        var end = count
        while end > 0, self[end - 1] &- 48 < 10 { end -= 1 }
        return end > 0 && end < count && self[end - 1] == UInt8(ascii: ":") ? end - 1 : count
    }
}
