/// Why an image was not given out, read from the runtime's message.
enum ImageRefusal {
    /// Whether asking again can help. A registry that is busy or away comes back; an image that does not exist, or may not
    /// be read, does not appear by asking.
    static func isPermanent(_ message: String) -> Bool {
        let text = message.lowercased()
        let passing = [
            "toomanyrequests", "too many requests", "timeout", "timed out", "connection refused", "reset by peer",
            "no space left", "unexpected eof", "temporary failure", "server misbehaving", "503", "502",
        ]
        guard !passing.contains(where: text.contains) else { return false }
        let lasting = [
            "not found", "manifest unknown", "name unknown", "unauthorized", "denied", "forbidden", "no such host",
            "no such image", "does not exist", "invalid reference", "no match for platform",
        ]
        return lasting.contains(where: text.contains)
    }

    /// The image without its digest's length: `registry/repository@sha256:0123456789ab…`.
    static func short(_ image: String) -> String {
        guard let colon = image.firstRange(of: "@sha256:") else { return image }
        return image[..<colon.upperBound] + image[colon.upperBound...].prefix(12) + "…"
    }
}
