package import OrreryModel

extension JSON {
    /// Reads one JSON value as RFC 8259 has it, and stricter where readers differ, so that nobody can be shown another
    /// value than we saw: no byte order mark, nothing after the value but white space, UTF-8 throughout, no name twice in
    /// one object after unescaping, no lone surrogate, no NUL even when escaped, no number beyond `Double`.
    ///
    /// Throws `.json` with the place of the first offence, also for more than `depth` arrays and objects inside each other.
    package init(strict bytes: [UInt8], depth: Int = 16) throws(CryptoError) {
        var reader = StrictJSONReader(bytes: bytes, depth: depth)
        self = try reader.document()
    }

    /// The same for a text.
    package init(strict text: String, depth: Int = 16) throws(CryptoError) {
        try self.init(strict: Array(text.utf8), depth: depth)
    }
}
