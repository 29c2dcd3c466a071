internal import OrreryWire

/// The cookie `jupyterhub-session-id`, which a browser has from its login to its logout and sends to hub and notebook.
enum SessionCookie {
    /// Calls `body` with the hash of each value the request's cookies have under that name.
    static func forEachHash(_ fields: borrowing Fields, _ bytes: Span<UInt8>, _ body: (UInt64) -> Void) {
        guard fields.hasCookie else { return }
        var reader = CookieReader()
        while let pair = reader.next(fields, bytes) {
            guard pair.name.isWord("jupyterhub-session-id", bytes) else { continue }
            body(hash(bytes.extracting(pair.value.range)))
        }
    }

    /// How a session is known in the list of logouts.
    static func hash(_ session: Span<UInt8>) -> UInt64 {
        var hash = PrefixHash()
        for index in 0..<session.count { hash.add(session[index]) }
        return hash.value
    }
}
