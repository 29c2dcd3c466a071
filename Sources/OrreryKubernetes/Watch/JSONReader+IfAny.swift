import OrreryModel

extension JSONReader {
    /// A text; nil for null.
    mutating func text() throws(Offence) -> String? {
        try ifAny { reader throws(Offence) in try reader.string() }
    }

    /// A whole number; nil for null.
    mutating func number() throws(Offence) -> Int? {
        try ifAny { reader throws(Offence) in try reader.integer() }
    }

    /// True or false; nil for null.
    mutating func truth() throws(Offence) -> Bool? { try ifAny { reader throws(Offence) in try reader.bool() } }

    /// An object whose members are texts; nil for null.
    mutating func texts() throws(Offence) -> [String: String]? {
        try ifAny { reader throws(Offence) in
            var texts: [String: String] = [:]
            try reader.members { name, reader throws(Offence) in texts[name] = try reader.string() }
            return texts
        }
    }

    /// An array whose values `read` understands; nil for null.
    mutating func list<Value>(
        _ read: (_ reader: inout JSONReader) throws(Offence) -> Value
    ) throws(Offence) -> [Value]? {
        try ifAny { reader throws(Offence) in
            var values: [Value] = []
            try reader.values { reader throws(Offence) in values.append(try read(&reader)) }
            return values
        }
    }
}
