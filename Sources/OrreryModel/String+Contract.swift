extension String {
    /// This name as one segment of a URL path in the contract's canonical form: every byte but the unreserved ones of
    /// RFC 3986 2.3, `@` included as kept, is percent-encoded with upper-case digits (Python's `quote(name, safe="@~")`).
    package var escapedForContract: String {
        var escaped = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "@"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += "%" + (digits.count == 1 ? "0" + digits : digits)
            }
        }
        return escaped
    }
}
