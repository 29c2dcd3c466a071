/// Reads a JSON document from front to back for whoever knows its shape: of what is passed over nothing is made, and what
/// is wanted is not put into a tree first. What is passed over is only looked at for where it ends.
///
/// Throws an offence at the first thing that is not what was asked for; the reader is of no use after that.
package struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0

    /// What was asked for does not stand there.
    package struct Offence: Error {
        package let position: Int
    }

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Calls `read` for each member of the object that is next; `read` must read or skip the value.
    package mutating func members(
        _ read: (_ name: String, _ reader: inout JSONReader) throws(Offence) -> Void
    ) throws(Offence) {
        try take(UInt8(ascii: "{"))
        guard !isNext(UInt8(ascii: "}")) else { return }
        repeat {
            let name = try string()
            try take(UInt8(ascii: ":"))
            try read(name, &self)
        } while isNext(UInt8(ascii: ","))
        try take(UInt8(ascii: "}"))
    }

    /// Calls `read` for each value of the array that is next; `read` must read or skip it.
    package mutating func values(_ read: (_ reader: inout JSONReader) throws(Offence) -> Void) throws(Offence) {
        try take(UInt8(ascii: "["))
        guard !isNext(UInt8(ascii: "]")) else { return }
        repeat { try read(&self) } while isNext(UInt8(ascii: ","))
        try take(UInt8(ascii: "]"))
    }

    /// Whether null is next, which is then read.
    package mutating func isNull() throws(Offence) -> Bool {
        skipWhiteSpace()
        guard next == UInt8(ascii: "n") else { return false }
        try take("null")
        return true
    }

    package mutating func bool() throws(Offence) -> Bool {
        skipWhiteSpace()
        let isTrue = next == UInt8(ascii: "t")
        try take(isTrue ? "true" : "false")
        return isTrue
    }

    /// A whole number that fits.
    package mutating func integer<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self
    ) throws(Offence) -> Number {
        skipWhiteSpace()
        let start = position
        guard let byte = next, Self.isOfScalar(byte) else { throw offence }
        skipScalar()
        guard let number = Number(String(decoding: bytes[start..<position], as: UTF8.self)) else { throw offence }
        return number
    }

    package mutating func string() throws(Offence) -> String {
        try take(UInt8(ascii: "\""))
        let start = position
        let hasEscapes = try passString()
        let text = bytes[start..<position - 1]
        let plain = hasEscapes ? Self.unescaped(text) : String(validating: text, as: UTF8.self)
        guard let plain else { throw offence }
        return plain
    }

    /// What `read` makes of the value that is next; nil when that is null.
    package mutating func ifAny<Value>(
        _ read: (_ reader: inout JSONReader) throws(Offence) -> Value
    ) throws(Offence) -> Value? {
        if try isNull() { return nil }
        return try read(&self)
    }

    /// Passes over the value that is next.
    package mutating func skip() throws(Offence) {
        skipWhiteSpace()
        var depth = 0
        repeat {
            guard let byte = next else { throw offence }
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                _ = try passString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                position += 1
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                position += 1
                depth -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x0a, 0x0d, 0x09:
                guard depth > 0 else { throw offence }
                position += 1
            default:
                guard Self.isOfScalar(byte) else { throw offence }
                skipScalar()
            }
            guard depth >= 0 else { throw offence }
        } while depth > 0
    }

    /// Throws when anything but white space is left.
    package mutating func end() throws(Offence) {
        skipWhiteSpace()
        guard position == bytes.count else { throw offence }
    }
}

extension JSONReader {
    /// Says that what stands here is not what was asked for.
    package var offence: Offence { Offence(position: position) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipWhiteSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) throws(Offence) {
        guard isNext(byte) else { throw offence }
    }

    private mutating func take(_ word: StaticString) throws(Offence) {
        for index in 0..<word.utf8CodeUnitCount {
            // Safe: the index is within the word, which lives for ever.
            guard unsafe next == word.utf8Start[index] else { throw offence }
            position += 1
        }
    }

    private mutating func isNext(_ byte: UInt8) -> Bool {
        skipWhiteSpace()
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// A number or a word, or what should be one: at least one byte.
    private mutating func skipScalar() {
        repeat { position += 1 } while next.map(Self.isOfScalar) ?? false
    }

    private static func isOfScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "E"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// Goes behind the closing quote; whether there is an escape before it.
    private mutating func passString() throws(Offence) -> Bool {
        var hasEscapes = false
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return hasEscapes }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position += 1
            }
            guard byte >= 0x20 else { break }
        }
        throw offence
    }
}
