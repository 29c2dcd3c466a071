extension JoinString {
    /// Reads a join string; blanks and line ends around it, as copying leaves them, are not part of it.
    package init(_ text: String) throws(LinkError) {
        let bytes = text.utf8
        guard bytes.count <= 4096 else { throw .joinString("is longer than 4096 bytes") }
        guard let first = bytes.firstIndex(where: { !$0.isBlank }), let last = bytes.lastIndex(where: { !$0.isBlank })
        else { throw .joinString("is empty") }
        let line = text[first...last]
        guard line.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw .joinString("has a blank or something that is not printable ASCII")
        }
        guard line.hasPrefix("orrery://") else { throw .joinString("does not begin with orrery://") }
        let parts = line.dropFirst(9).split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let place = parts[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let (host, port) = try Self.authority(place[0])
        self.init(
            host: host, port: port, token: try Self.token(place.count > 1 ? place[1] : ""),
            pins: try Self.pins(parts.count > 1 ? parts[1] : nil))
    }

    private static func authority(_ text: Substring) throws(LinkError) -> (String, UInt16) {
        var (host, port) = (text, UInt16(443))
        if let colon = text.lastIndex(of: ":"), text.last != "]" {
            let digits = text[text.index(after: colon)...]
            // The number's own reading would take a sign.
            guard digits.utf8.allSatisfy({ $0 &- 48 < 10 }), let number = UInt16(digits), number > 0 else {
                throw .joinString("has a port that is not a number from 1 to 65535")
            }
            (host, port) = (text[..<colon], number)
        }
        guard !host.isEmpty else { throw .joinString("names no host") }
        guard host.first != "[" else { return (try literal(host), port) }
        guard host.utf8.count <= 253, host.utf8.allSatisfy({ $0.isLetterOrDigit || $0 == 45 || $0 == 46 }) else {
            throw .joinString("has a host that no host can have; an IPv6 address stands in brackets")
        }
        return (String(host), port)
    }

    private static func literal(_ text: Substring) throws(LinkError) -> String {
        let inside = text.dropFirst().dropLast()
        guard text.last == "]", !inside.isEmpty, inside.utf8.count <= 45,
            inside.utf8.allSatisfy({ $0.isLetterOrDigit || $0 == 58 || $0 == 46 })
        else { throw .joinString("has brackets without an IPv6 address in them") }
        return String(inside)
    }

    private static func token(_ text: Substring) throws(LinkError) -> JoinToken? {
        if text.isEmpty { return nil }
        guard let token = JoinToken(text) else {
            throw .joinString("has a token that is not 6 and 16 characters of a-z and 0-9 with a dot between")
        }
        return token
    }

    private static func pins(_ text: Substring?) throws(LinkError) -> [[UInt8]] {
        guard let text else { return [] }
        guard text.hasPrefix("pin=") else { throw .joinString("has something other than pin= after its #") }
        var pins: [[UInt8]] = []
        for part in text.dropFirst(4).split(separator: ",", omittingEmptySubsequences: false) {
            guard let pin = pin(part) else {
                throw .joinString("has a pin that is not sha256: and 32 bytes in base64")
            }
            pins.append(pin)
        }
        guard pins.count <= 8 else { throw .joinString("has more than 8 pins") }
        return pins
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == 32 || self == 9 || self == 10 || self == 13 }
    var isLetterOrDigit: Bool { self &- 48 < 10 || (self | 32) &- 97 < 26 }
}
