import OrreryModel

/// What a request names, read so strictly that there is one way to write it: nothing in the path is percent-encoded, no
/// segment is empty or made of dots, no parameter stands twice. So the API server cannot read it as anything else.
struct GateTarget: Hashable, Sendable {
    let namespace: String
    let resource: String
    let name: String?
    let subresource: String?
    /// In the order in which they came, decoded.
    let parameters: [Parameter]

    struct Parameter: Hashable, Sendable {
        let key: String
        let value: String
    }

    /// Throws for everything that is no plain path below a namespace of the core group.
    init(_ text: String) throws(GateRefusal) {
        let parts = text.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first ?? text.utf8[...]
        guard path.count <= 1024, path.allSatisfy(Self.isPlain) else {
            throw GateRefusal("a path may have small letters, digits, dashes, dots and slashes, and this has others")
        }
        let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            String($0) ?? ""
        }
        guard segments.count >= 6, segments.count <= 8, segments[0].isEmpty, segments[1] == "api", segments[2] == "v1",
            segments[3] == "namespaces"
        else { throw GateRefusal("only objects of the core group in a namespace are open to a hub") }
        guard segments.dropFirst(4).allSatisfy(\.isObjectName) else {
            throw GateRefusal("a part of the path is no name: it is empty, or begins or ends with a dash or a dot")
        }
        namespace = segments[4]
        resource = segments[5]
        name = segments.count > 6 ? segments[6] : nil
        subresource = segments.count > 7 ? segments[7] : nil
        parameters = parts.count > 1 ? try Self.parameters(parts[1]) : []
    }

    private static func parameters(_ query: Substring.UTF8View) throws(GateRefusal) -> [Parameter] {
        guard query.count <= 4096 else { throw GateRefusal("the query is longer than 4096 bytes") }
        var found: [Parameter] = []
        for pair in query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, parts[0].allSatisfy(isLetter), let key = String(parts[0]),
                let value = decoded(parts[1])
            else { throw GateRefusal("a parameter of the query is not written as a plain key=value") }
            guard !found.contains(where: { $0.key.isExactly(key) }) else {
                throw GateRefusal("the parameter `\(key)` stands twice in the query")
            }
            found.append(Parameter(key: key, value: value))
        }
        return found
    }

    /// Visible ASCII only, and blanks. A plus sign is refused: some read it as a blank.
    private static func decoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            } else if isUnreserved(byte) {
                bytes.append(byte)
            } else {
                return nil
            }
        }
        return bytes.allSatisfy { (0x20..<0x7F).contains($0) } ? String(decoding: bytes, as: UTF8.self) : nil
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    fileprivate static func isUnreserved(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-._~".utf8.contains(byte)
    }
}

extension GateTarget {
    /// The target as the agent writes it to the API server, with these parameters; nothing of the hub's spelling is left.
    func text(with parameters: [Parameter]) -> String {
        let path = ["/api/v1/namespaces", namespace, resource, name, subresource].compactMap { $0 }.joined(
            separator: "/")
        guard !parameters.isEmpty else { return path }
        return path + "?" + parameters.map { "\($0.key)=\(Self.encoded($0.value))" }.joined(separator: "&")
    }

    private static func encoded(_ value: String) -> String {
        var text = ""
        for byte in value.utf8 {
            if isUnreserved(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "%" + String(Int(byte) + 0x100, radix: 16, uppercase: true).suffix(2)
            }
        }
        return text
    }
}

extension String {
    /// A DNS-1123 subdomain (RFC 1123 2.1), which every name of an object that a hub touches is: never a dot segment.
    var isObjectName: Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard utf8.count <= 253 else { return false }
        return utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return isAlphanumeric(first) && isAlphanumeric(last)
                && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }
}
