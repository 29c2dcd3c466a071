internal import OrreryWire

/// Tokens of the hub's interface, which begin with `orrery_`. A single-user server asks the hub about those that it
/// gets; what stands behind the gate has no use for them and could be anybody at the hub with them.
enum HubToken {
    /// Whether a field `Authorization` brings one, under whatever scheme.
    static func isIn(_ fields: borrowing Fields, _ bytes: Span<UInt8>) -> Bool {
        for index in 0..<fields.markCount where fields.mark(index).name == .authorization {
            let value = fields.mark(index).value
            var start = place(of: UInt8(ascii: " "), in: value.range, bytes)
            while start < Int(value.end), bytes[start] == 32 || bytes[start] == 9 { start += 1 }
            if Slice(start, min(start + 7, Int(value.end))).isWord("orrery_", bytes) { return true }
        }
        return false
    }
}
