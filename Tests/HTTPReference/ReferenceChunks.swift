/// A chunked body as the grammar has it (RFC 9112 7.1).
package struct ReferenceChunks: Equatable, Sendable {
    package var content: Bytes = []
    package var length = 0

    package static func read(_ message: Bytes) -> Reading<ReferenceChunks> {
        var body = ReferenceChunks()
        var rest = message[...]
        var overhead = 0
        while true {
            if let first = rest.first, !first.isHexDigit { return .refused([400]) }
            guard let line = takeLine(&rest) else { return .unfinished }
            let digits = line.prefix { $0.isHexDigit }
            let extensions = Bytes(line[digits.count...])
            overhead += extensions.count
            guard !digits.isEmpty, digits.count <= 15, isExtensions(extensions), overhead <= 16 << 10 else {
                return .refused([400])
            }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16) else { return .refused([400]) }
            if size == 0 { break }
            guard rest.count >= size + 2 else {
                let tail = rest.dropFirst(size)
                return bytes("\r\n").starts(with: tail) ? .unfinished : .refused([400])
            }
            body.content += rest.prefix(size)
            rest = rest.dropFirst(size)
            guard rest.starts(with: bytes("\r\n")) else { return .refused([400]) }
            rest = rest.dropFirst(2)
        }
        while true {
            guard let line = takeLine(&rest) else { return .unfinished }
            if line.isEmpty { break }
            let colon = line.firstIndex(of: 58) ?? 0
            overhead += line.count - 1
            let isField = Bytes(line[..<colon]).isToken && line[colon...].allSatisfy(\.isText)
            guard isField, overhead <= 16 << 10 else { return .refused([400]) }
        }
        body.length = message.count - rest.count
        return .whole(body)
    }

    private static func takeLine(_ rest: inout ArraySlice<UInt8>) -> Bytes? {
        guard let end = Bytes(rest).place(of: "\r\n") else { return nil }
        defer { rest = rest.dropFirst(end + 2) }
        return Bytes(rest.prefix(end))
    }

    /// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`.
    static func isExtensions(_ text: Bytes) -> Bool {
        var rest = text[...]
        while !rest.isEmpty {
            rest = rest.drop(while: \.isBlank)
            guard rest.popFirst() == 59 else { return false }
            rest = rest.drop(while: \.isBlank)
            guard takeToken(&rest) else { return false }
            var behind = rest.drop(while: \.isBlank)
            guard behind.popFirst() == 61 else { continue }
            rest = behind.drop(while: \.isBlank)
            guard rest.first == 34 ? takeQuoted(&rest) : takeToken(&rest) else { return false }
        }
        return true
    }

    private static func takeToken(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let token = rest.prefix(while: \.isTokenCharacter)
        rest = rest.dropFirst(token.count)
        return !token.isEmpty
    }

    private static func takeQuoted(_ rest: inout ArraySlice<UInt8>) -> Bool {
        _ = rest.popFirst()
        while let byte = rest.popFirst() {
            if byte == 34 { return true }
            if !byte.isText { return false }
            if byte == 92 { guard let escaped = rest.popFirst(), escaped.isText else { return false } }
        }
        return false
    }
}
