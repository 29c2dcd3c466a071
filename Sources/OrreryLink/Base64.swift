internal import OrreryCrypto

/// Base64 with the standard alphabet and padding (RFC 4648 4).
package enum Base64 {
    package static func encode(_ bytes: [UInt8]) -> String {
        let text = Base64URL.encode(bytes).utf8.map { $0 == 45 ? 43 : $0 == 95 ? 47 : $0 }
        let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - text.count % 4) % 4)
        return String(decoding: text + padding, as: UTF8.self)
    }

    /// Nil for anything but the one text that these bytes have, with its padding or without it.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bare = Array(text)
        while bare.last == UInt8(ascii: "=") { bare.removeLast() }
        let padding = text.count - bare.count
        guard padding == 0 || (padding <= 2 && text.count % 4 == 0) else { return nil }
        // The other alphabet's own signs are none of this one's.
        guard !bare.contains(45), !bare.contains(95) else { return nil }
        return Base64URL.decode(bare.map { $0 == 43 ? 45 : $0 == 47 ? 95 : $0 })
    }
}
