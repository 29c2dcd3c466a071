internal import FoundationEssentials
internal import OrreryModel

/// Small documents that are read or written with nearly every request. `JSONDecoder` and `JSONEncoder` take ten times as long for
/// them as for what is in them; the texts are the same as theirs.
extension Column {
    static func texts(_ document: String) throws -> [String] {
        try read(document) { reader throws(JSONReader.Offence) in
            var texts: [String] = []
            try reader.values { reader throws(JSONReader.Offence) in texts.append(try reader.string()) }
            return texts
        }
    }

    static func groups(_ document: String) throws -> Set<Group> {
        try read(document) { reader throws(JSONReader.Offence) in
            var groups: Set<Group> = []
            try reader.values { reader throws(JSONReader.Offence) in groups.insert(try group(&reader)) }
            return groups
        }
    }

    static func choice(_ document: String) throws -> SessionChoice {
        try read(document) { reader throws(JSONReader.Offence) in
            var choice = SessionChoice()
            try reader.members { name, reader throws(JSONReader.Offence) in
                switch name {
                case "profile": choice.profile = try textIfAny(&reader)
                case "environment": choice.environment = try textIfAny(&reader)
                case "size": choice.size = try textIfAny(&reader)
                case "cluster": choice.cluster = try textIfAny(&reader)
                case "options":
                    try reader.members { name, reader throws(JSONReader.Offence) in
                        choice.options[name] = try reader.string()
                    }
                default: try reader.skip()
                }
            }
            return choice
        }
    }

    static func text(_ texts: [String]) -> String { text(.array(texts.map { .string($0) })) }

    static func text(_ choice: SessionChoice) -> String {
        var members: [String: JSON] = ["options": .object(choice.options.mapValues { .string($0) })]
        members["profile"] = choice.profile.map { .string($0) }
        members["environment"] = choice.environment.map { .string($0) }
        members["size"] = choice.size.map { .string($0) }
        members["cluster"] = choice.cluster.map { .string($0) }
        return text(.object(members))
    }

    private static func text(_ value: JSON) -> String { String(decoding: JSONText.bytes(value), as: UTF8.self) }

    private static func group(_ reader: inout JSONReader) throws(JSONReader.Offence) -> Group {
        var name: String?
        var gid: UInt32?
        try reader.members { member, reader throws(JSONReader.Offence) in
            switch member {
            case "name": name = try reader.string()
            case "gid": gid = try reader.ifAny { reader throws(JSONReader.Offence) in try reader.integer() }
            default: try reader.skip()
            }
        }
        guard let name else { throw reader.offence }
        return Group(name: name, gid: gid)
    }

    private static func textIfAny(_ reader: inout JSONReader) throws(JSONReader.Offence) -> String? {
        try reader.ifAny { reader throws(JSONReader.Offence) in try reader.string() }
    }

    /// The whole document as `read` understands it.
    private static func read<Value>(
        _ document: String, _ read: (_ reader: inout JSONReader) throws(JSONReader.Offence) -> Value
    ) throws(JSONReader.Offence) -> Value {
        var reader = JSONReader(Array(document.utf8))
        let value = try read(&reader)
        try reader.end()
        return value
    }
}
