import OrreryModel

/// What a token shall be that somebody asks for.
struct TokenWish: Sendable {
    /// What its maker will know it by: one line of at most 200 bytes, not empty.
    let note: String
    /// Nil for the usual one.
    let life: Duration?
    /// Each with its filter; nil for everything that the maker may do with what is the maker's own.
    let scopes: [String]?

    /// Throws a sentence for the maker when the note is none.
    init(note: String, life: Duration?, scopes: [String]?) throws(HubError) {
        let isLine = note.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard (1...200).contains(note.utf8.count), isLine else {
            throw HubError(.badRequest, "a token's name is one line of at most 200 bytes")
        }
        self.note = note
        self.life = life
        self.scopes = scopes
    }

    /// Reads `{"note": …, "expires_in": …, "scopes": […]}`, as clients of JupyterHub send it, for somebody called `name`.
    init(_ body: JSON?, for name: String) throws(HubError) {
        let sent = body ?? .null
        let body: JSON = sent == .null ? [:] : sent
        guard body.object != nil else { throw HubError(.badRequest, "the body must be an object or empty") }
        if let roles = body["roles"], roles != .null, roles != [] {
            throw HubError(.badRequest, "there are no roles here", next: "name the rights in `scopes`")
        }
        let note = try Self.value(body, "note", "a text", \.string)
        let seconds = try Self.value(body, "expires_in", "a whole number of seconds", \.wholeNumber)
        let scopes = try Self.value(body, "scopes", "a list of texts") { value -> [String]? in
            guard let texts = value.array?.compactMap(\.string), texts.count == value.array?.count else { return nil }
            return texts
        }
        try self.init(
            note: note.flatMap { $0.isEmpty ? nil : $0 } ?? "made over the REST interface",
            life: seconds.map { .seconds($0) },
            // `right!user` is short for the owner's own.
            scopes: scopes?.map { $0.hasSuffix("!user") ? "\($0)=\(name)" : $0 })
    }

    private static func value<Value>(
        _ body: JSON, _ name: String, _ kind: String, _ read: (JSON) -> Value?
    ) throws(HubError) -> Value? {
        guard let written = body[name], written != .null else { return nil }
        guard let value = read(written) else { throw HubError(.badRequest, "`\(name)` must be \(kind) or null") }
        return value
    }
}
