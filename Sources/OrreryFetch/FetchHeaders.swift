/// The header fields of an answer in the order of their arrival. Names compare without regard to case.
package struct FetchHeaders: Sendable {
    package private(set) var fields: [(name: String, value: String)] = []

    package init(_ fields: [(name: String, value: String)] = []) { self.fields = fields }

    /// The value of the first field called `name`.
    package subscript(name: String) -> String? {
        fields.first { equalIgnoringCase($0.name, name) }?.value
    }

    /// The values of every field called `name`.
    package func all(_ name: String) -> [String] {
        fields.filter { equalIgnoringCase($0.name, name) }.map(\.value)
    }

    /// Takes one line as libcurl hands it over, without its line end. A line without a colon is not a field.
    mutating func append(line: Substring) {
        guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return }
        let value = line[line.utf8.index(after: colon)...].drop(while: isBlank)
        let end = value.lastIndex { !isBlank($0) }
        fields.append((String(line[..<colon]), end.map { String(value[...$0]) } ?? ""))
    }
}

private func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

private func equalIgnoringCase(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && zip(left.utf8, right.utf8).allSatisfy { lowercase($0) == lowercase($1) }
}

private func lowercase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
