/// The fields of one Go structure of the API: what may stand in an object, and how a real server's decoder calls it.
struct Schema: Sendable {
    /// The structure's name in Go: `PodSpec`.
    let name: String
    let fields: [String: FieldType]

    init(_ name: String, _ fields: [String: FieldType]) {
        self.name = name
        self.fields = fields
    }
}

/// What a field holds.
indirect enum FieldType: Sendable {
    case string
    /// A pointer to a text: an empty one differs from none.
    case optionalString
    /// A pointer to a boolean: `false` differs from nothing.
    case bool
    /// A plain boolean: `false` is nothing, and is left out.
    case flag
    case int32
    case int64
    case quantity
    case intOrString
    /// RFC 3339.
    case time
    case base64
    case object(Schema)
    case list(FieldType)
    case map(FieldType)
    /// A part of the API that pocket takes as it is, without looking into it.
    case unchecked

    /// The type's name in Go, for the decoder's complaint.
    var goName: String {
        switch self {
        case .string, .optionalString, .base64, .quantity: "string"
        case .bool, .flag: "bool"
        case .int32: "int32"
        case .int64: "int64"
        case .intOrString: "intstr.IntOrString"
        case .time: "v1.Time"
        case .object(let schema): "v1.\(schema.name)"
        case .list(let element): "[]\(element.goName)"
        case .map(let element): "map[string]\(element.goName)"
        case .unchecked: "v1.Object"
        }
    }
}
