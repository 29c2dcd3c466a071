import OrreryModel

/// What a part of the cluster says in its own words: the first KiB of it, so that a cluster that means ill fills no memory and no
/// disk.
@propertyWrapper
package struct Quoted: Codable, Hashable, Sendable {
    package var wrappedValue: String? {
        didSet { wrappedValue = wrappedValue?.shortened(to: Self.most) }
    }

    package static let most = 1024

    package init(wrappedValue: String?) { self.wrappedValue = wrappedValue?.shortened(to: Self.most) }

    package init(from decoder: any Decoder) throws {
        self.init(wrappedValue: try decoder.singleValueContainer().decode(String?.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

// Words that were not said are no member at all, as with any other optional property.
extension KeyedDecodingContainer {
    func decode(_ type: Quoted.Type, forKey key: Key) throws -> Quoted {
        try decodeIfPresent(type, forKey: key) ?? Quoted(wrappedValue: nil)
    }
}

extension KeyedEncodingContainer {
    mutating func encode(_ value: Quoted, forKey key: Key) throws {
        try encodeIfPresent(value.wrappedValue, forKey: key)
    }
}
