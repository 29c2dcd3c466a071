internal import OrreryWire

/// `ForwardingOptions` as a worker uses them for every request: flags, and one text for all custom fields. Never copied,
/// since that would count references.
struct ForwardingPlan: ~Copyable {
    let xForward: Bool
    let prependsPath: Bool
    let includesPrefix: Bool
    let changesOrigin: Bool
    let autoRewrite: Bool
    /// What `--protocol-rewrite` names; nil when redirects keep their scheme.
    let scheme: StaticString?
    /// The names of custom fields in lower case, and where each lies in `text`.
    private let names: [Slice]
    private let lines: Slice
    private let text: [UInt8]
    /// A bit for each field with a meaning of its own that is among them.
    private let known: UInt32

    init(_ options: ForwardingOptions) {
        xForward = options.xForward
        prependsPath = options.prependsPath
        includesPrefix = options.includesPrefix
        changesOrigin = options.changesOrigin
        autoRewrite = options.autoRewrite
        scheme = options.protocolRewrite.map { $0 == "https" ? "https" : "http" }
        var text: [UInt8] = []
        // Said twice, the last one counts.
        var fields: [String: CustomHeader] = [:]
        for header in options.customHeaders { fields[header.name.lowercased()] = header }
        let sorted = fields.sorted { $0.key < $1.key }
        for (_, header) in sorted { text += "\(header.name): \(header.value)\r\n".utf8 }
        lines = Slice(0, text.count)
        var names: [Slice] = []
        var known: UInt32 = 0
        for (name, _) in sorted {
            names.append(Slice(text.count, text.count + name.utf8.count))
            text += name.utf8
            known |= 1 << FieldName.of(text.span, Slice(text.count - name.utf8.count, text.count)).rawValue
        }
        (self.names, self.text, self.known) = (names, text, known)
    }

    /// Whether there are custom fields.
    var hasFields: Bool { !names.isEmpty }
    /// How many bytes they have.
    var fieldsLength: Int { lines.count }
    /// Whether answers must be looked at for redirects.
    var rewritesRedirects: Bool { autoRewrite || scheme != nil }

    /// Whether a custom field has this name, which must not be `.other`.
    func sets(_ name: FieldName) -> Bool { known >> name.rawValue & 1 == 1 }

    /// Whether a custom field has the name in `slice`.
    func sets(_ slice: Slice, _ bytes: Span<UInt8>) -> Bool {
        for name in names where name.count == slice.count {
            var isSame = true
            for offset in 0..<name.count {
                isSame = isSame && bytes[Int(slice.start) + offset].lowercased == text[Int(name.start) + offset]
            }
            if isSame { return true }
        }
        return false
    }

    /// Appends the custom fields, a line each.
    func appendFields(to target: inout Buffer) { target.append(text.span.extracting(lines.range)) }
}
