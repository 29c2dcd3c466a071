internal import OrreryCrypto
package import OrreryModel

/// One message of a control connection: a JSON object whose `type` says what it is.
package struct ControlFrame: Equatable, Sendable {
    package let type: String
    /// All members, `type` among them.
    package let members: [String: JSON]

    /// The longest frame, and the longest before the agent has been welcomed, in bytes without their length.
    package static let limit = 65_536
    package static let strangerLimit = 16_384

    package init(_ type: String, _ members: [String: JSON] = [:]) {
        self.type = type
        self.members = members.merging(["type": .string(type)]) { _, type in type }
    }

    /// Reads what follows a length.
    package init(body: [UInt8]) throws(LinkError) {
        guard let value = try? JSON(strict: body) else { throw .frame("is not a JSON document") }
        try self.init(value)
    }

    /// A frame that came inside another document.
    package init(_ value: JSON) throws(LinkError) {
        guard let members = value.object, let type = members["type"]?.string else {
            throw .frame("is not an object with a type")
        }
        guard type.utf8.count <= 40 else { throw .frame("has a type of more than 40 bytes") }
        self.init(type, members)
    }

    /// A member; nil when there is none.
    package subscript(name: String) -> JSON? { members[name] }

    /// A whole number from 0 to a thousand millions, which any sum of a few of them bears; nil for anything else.
    package func count(_ name: String) -> Int? {
        guard let value = members[name]?.integer, 0...1_000_000_000 ~= value else { return nil }
        return Int(value)
    }

    /// The frame with its length in front. Whoever puts in what others have said looks whether it `fits`: nobody takes a
    /// frame beyond the limit.
    package func encode() -> [UInt8] {
        let body = JSONText.bytes(.object(members))
        return (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (24 - $0 * 8)) } + body
    }

    /// Whether it is short enough to be sent.
    package var fits: Bool { JSONText.bytes(.object(members)).count <= Self.limit }

    /// The whole frame as a value, to be put inside another document.
    package var value: JSON { .object(members) }
}
