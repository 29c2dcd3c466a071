internal import Foundation
internal import OrreryModel

/// Reads an object by its schema: what is not nothing is kept and canonical, what does not fit is refused in the
/// words of a real server's decoder, and what nobody knows is dropped and noted.
struct Decoder {
    /// The paths of the unknown fields met so far.
    private(set) var unknown: [String] = []

    /// `value` as `schema` has it. Throws the sentence that follows `cannot be handled as a Pod: `.
    mutating func decode(_ value: JSON, as schema: Schema) throws(DecodingComplaint) -> JSON {
        try object(value, schema, at: Path())
    }

    /// The same place twice: with indexes as field validation has it, and without as Go's decoder has it.
    private struct Path {
        var indexed = ""
        var plain = ""
        /// The structure that the field is in.
        var owner = ""

        func field(_ name: String, of owner: String) -> Path {
            let dot = indexed.isEmpty ? "" : "."
            return Path(indexed: indexed + dot + name, plain: plain + dot + name, owner: owner)
        }

        func element(_ index: Int) -> Path { Path(indexed: "\(indexed)[\(index)]", plain: plain, owner: owner) }
    }

    private mutating func object(_ value: JSON, _ schema: Schema, at path: Path) throws(DecodingComplaint) -> JSON {
        guard let members = value.object else { throw mismatch(value, .object(schema), path) }
        var object: JSON = [:]
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            guard let type = schema.fields[name] else {
                unknown.append(path.field(name, of: schema.name).indexed)
                continue
            }
            object[name] = try field(value, type, at: path.field(name, of: schema.name))
        }
        return object
    }

    /// Nil for a value that the API treats as absent: null, an empty text, list or map, a plain `false`.
    private mutating func field(_ value: JSON, _ type: FieldType, at path: Path) throws(DecodingComplaint) -> JSON? {
        if value == .null { return nil }
        switch (type, value) {
        case (.string, .string(let text)): return text.isEmpty ? JSON?.none : value
        case (.bool, .bool), (.optionalString, .string), (.unchecked, _): return value
        case (.flag, .bool(let isSet)): return isSet ? value : JSON?.none
        case (.int32, .integer(let number)) where Int32(exactly: number) != nil: return value
        case (.int64, .integer), (.intOrString, .integer), (.intOrString, .string): return value
        case (.quantity, _): return try quantity(value)
        case (.time, .string(let text)): return try time(text)
        case (.base64, .string(let text)): return try base64(text)
        case (.object(let schema), .object): return try object(value, schema, at: path)
        case (.list(let element), .array(let values)): return try list(values, element, at: path)
        case (.map(let element), .object(let members)): return try map(members, element, at: path)
        default: throw mismatch(value, type, path)
        }
    }

    private mutating func list(_ values: [JSON], _ type: FieldType, at path: Path) throws(DecodingComplaint) -> JSON? {
        var list: [JSON] = []
        for (index, value) in values.enumerated() {
            list.append(try field(value, type, at: path.element(index)) ?? type.zero)
        }
        return list.isEmpty ? JSON?.none : .array(list)
    }

    private mutating func map(
        _ members: [String: JSON], _ type: FieldType, at path: Path
    ) throws(DecodingComplaint) -> JSON? {
        var map: JSON = [:]
        for (name, value) in members { map[name] = try field(value, type, at: path) ?? type.zero }
        return members.isEmpty ? JSON?.none : map
    }

    private func quantity(_ value: JSON) throws(DecodingComplaint) -> JSON {
        let text = value.string ?? value.text
        guard value.string != nil || value.number != nil, let quantity = Quantity(text) else {
            throw DecodingComplaint(Self.quantityRule)
        }
        return .string(quantity.description)
    }

    private func time(_ text: String) throws(DecodingComplaint) -> JSON {
        // Micro-times of events pass as they are; both forms begin with a complete RFC 3339 date and time.
        let isTime =
            (try? Date(text, strategy: .iso8601)) != nil
            || (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))) != nil
        guard isTime else {
            throw DecodingComplaint(
                "parsing time \"\(text)\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\(text)\" as \"2006\"")
        }
        return .string(text)
    }

    private func base64(_ text: String) throws(DecodingComplaint) -> JSON {
        guard Data(base64Encoded: text) != nil else {
            let bad = text.utf8.enumerated().first { !Self.base64Alphabet.contains($0.element) }?.offset
            throw DecodingComplaint("illegal base64 data at input byte \(bad ?? text.utf8.count / 4 * 4)")
        }
        return .string(text)
    }

    private func mismatch(_ value: JSON, _ type: FieldType, _ path: Path) -> DecodingComplaint {
        let place = path.owner.isEmpty ? "Go value" : "Go struct field \(path.owner).\(path.plain)"
        return DecodingComplaint("json: cannot unmarshal \(value.goName) into \(place) of type \(type.goName)")
    }

    private static let quantityRule =
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    private static let base64Alphabet = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=".utf8)
}

/// Why an object cannot be decoded, as it follows `cannot be handled as a Pod: `.
struct DecodingComplaint: Error {
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}

extension FieldType {
    /// What stands in a list or map for a value that would be left out as a field.
    fileprivate var zero: JSON {
        switch self {
        case .bool, .flag: false
        case .int32, .int64, .intOrString: 0
        case .object, .map: [:]
        case .list: []
        case .string, .optionalString, .quantity, .time, .base64, .unchecked: ""
        }
    }
}

extension JSON {
    /// The kind of value as Go's decoder calls it.
    fileprivate var goName: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .integer(let value): "number \(value)"
        case .number(let value): "number \(value)"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
