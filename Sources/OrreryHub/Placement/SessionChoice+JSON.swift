import OrreryModel

extension SessionChoice {
    /// The names of what a program can choose.
    private static let members: Set = ["profile", "environment", "size", "options", "cluster"]

    /// What a program chose in `written`, an object that stands under the name `what`, of whose members none has to be there; null
    /// is an empty one. Those called one of `others` are read elsewhere. Throws for anything that nobody understands, by its name: the
    /// default would start, and look like what was asked for.
    init(_ written: JSON?, _ what: String, besides others: Set<String> = []) throws(HubError) {
        let written = written.map { $0 == .null ? [:] : $0 } ?? [:]
        try Self.check(written, what, Self.members.union(others))
        self.init(
            profile: try Self.text("profile", in: written), environment: try Self.text("environment", in: written),
            size: try Self.text("size", in: written), options: try Self.options(written["options"]),
            cluster: try Self.text("cluster", in: written))
    }

    /// Throws unless `written` is an object whose members are all among `known`.
    static func check(_ written: JSON, _ what: String, _ known: Set<String>) throws(HubError) {
        guard let object = written.object else { throw HubError(.badRequest, "\(what) must be an object or empty") }
        guard let unknown = object.keys.filter({ !known.contains($0) }).min() else { return }
        let name = unknown.utf8.count <= 63 ? unknown : "what has so long a name"
        throw HubError(
            .unprocessable, "`\(name)` is nothing that can be chosen",
            next: nearestName(to: name, among: known).map { "did you mean \($0)?" }
                ?? "there is \(known.sorted().joined(separator: ", "))")
    }

    /// The text called `name` in `written`; nil for null and where there is none.
    static func text(_ name: String, in written: JSON) throws(HubError) -> String? {
        guard let value = written[name], value != .null else { return nil }
        guard let text = value.string else { throw HubError(.badRequest, "`\(name)` must be a text") }
        return text
    }

    /// `{"cuda": "13"}`: an option's choice is a text, which a program may write as a number.
    private static func options(_ value: JSON?) throws(HubError) -> [String: String] {
        guard let value, value != .null else { return [:] }
        guard let members = value.object else { throw HubError(.badRequest, "`options` must be an object") }
        var options: [String: String] = [:]
        for (name, choice) in members {
            guard let text = choice.string ?? choice.integer.map({ "\($0)" }) else {
                throw HubError(.badRequest, "the choice for `\(name)` must be a text")
            }
            options[name] = text
        }
        return options
    }
}
