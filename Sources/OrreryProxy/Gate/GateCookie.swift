internal import OrreryWire

/// The gate's own cookies. They are the proxy's alone: neither a notebook nor the hub ever gets them.
enum GateCookie {
    /// The ticket of somebody who may pass. Over TLS its name begins so that browsers take it from this very host only
    /// (RFC 6265bis 4.1.3.2).
    static func ticket(isSecure: Bool) -> StaticString { isSecure ? "__Host-orrery-gate" : "orrery-gate" }
    /// A secret that names the browser while it is on its way to the hub and back, so that nobody can send another
    /// person's browser through with a ticket of their own.
    static func browser(isSecure: Bool) -> StaticString { isSecure ? "__Host-orrery-enter" : "orrery-enter" }

    static func isOne(_ name: Slice, _ bytes: Span<UInt8>) -> Bool {
        switch name.count {
        case 11: name.isWord("orrery-gate", bytes)
        case 12: name.isWord("orrery-enter", bytes)
        case 18: name.isWord("__Host-orrery-gate", bytes)
        case 19: name.isWord("__Host-orrery-enter", bytes)
        default: false
        }
    }
}
