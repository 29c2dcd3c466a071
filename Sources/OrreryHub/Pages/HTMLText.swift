internal import Mustache

/// How values get into a template: escaped for HTML text and for quoted attributes, byte by byte.
///
/// swift-mustache's own escaping looks at whole characters, and a quote followed by a combining mark is another
/// character than a quote: it would leave an attribute open. No byte of a longer UTF-8 sequence is below 0x80, so bytes
/// cannot be fooled.
struct HTMLText: MustacheContentType {
    static let name = "ORRERY-HTML"

    func escapeText(_ text: String) -> String {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): escaped += "&lt;".utf8
            case UInt8(ascii: ">"): escaped += "&gt;".utf8
            case UInt8(ascii: "&"): escaped += "&amp;".utf8
            case UInt8(ascii: "\""): escaped += "&quot;".utf8
            case UInt8(ascii: "'"): escaped += "&#39;".utf8
            case 0: escaped += "\u{FFFD}".utf8
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
