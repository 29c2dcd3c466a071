/// Where a browser goes on after a login or a start: a path and a query of this site, never another one.
///
/// Made only from text that every browser reads as a path: it starts with one slash, has no second slash or backslash
/// (plain or encoded) right behind it, no control character, no backslash and nothing beyond printable ASCII. A fragment
/// is cut off. Everything else gives nil: there is nothing to repair in an address somebody else may have written.
struct ReturnPath: Hashable, Sendable {
    let text: String

    /// The page that everybody may see once logged in.
    static let home = ReturnPath(known: "/hub/home")

    init?(_ text: String?) {
        guard let text, text.utf8.count <= 4096, text.utf8.first == UInt8(ascii: "/"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return nil }
        let rest = text.dropFirst().lowercased()
        guard !["/", "%2f", "%5c"].contains(where: rest.hasPrefix) else { return nil }
        self.text = String(text.prefix { $0 != "#" })
    }

    /// For a path written in this code.
    init(known text: String) { self.text = text }

    var path: Substring { text.prefix { $0 != "?" } }
}
