import OrreryDocument
import OrreryModel

extension Profile {
    /// One more thing that people choose in a profile. All that a choice does is to set variables.
    package struct Option: Hashable, Sendable {
        package let name: String
        package let title: String
        /// In the order of the document; the first is the default. Never empty.
        package let choices: [OptionChoice]

        package init(name: String, title: String, choices: [OptionChoice]) {
            self.name = name
            self.title = title
            self.choices = choices
        }
    }

    package struct OptionChoice: Hashable, Sendable {
        package let name: String
        package let title: String
        package let variables: [String: String]

        package init(name: String, title: String, variables: [String: String]) {
            self.name = name
            self.title = title
            self.variables = variables
        }
    }

    /// The variables of a session of `size` in which `choices` were made. The profile's own come first, and no option
    /// sets one of those: `orrery check` refuses that.
    func variables(for size: Policy.Size, _ choices: [OptionChoice] = []) -> [String: String] {
        let processors = String(max(1, size.cpu.limit.millicores / 1000))
        let all = choices.reduce(into: variables) { all, choice in all.merge(choice.variables) { own, _ in own } }
        return all.mapValues { value in
            value.split(separator: "{cpu}", omittingEmptySubsequences: false).joined(separator: processors)
        }
    }

    /// `options:` of a profile: for each name a `title` and `choices`, and for each choice a `title` and `env`.
    static func options(
        _ node: DocumentNode?, besides own: [String: String]
    ) throws(DocumentError) -> [Option] {
        var options: [Option] = []
        var owners = own.mapValues { _ in "the profile's `env`" }
        for (name, value) in try node?.entries() ?? [] {
            guard Spelling.entry.fits(name) else {
                throw value.error("the name of an option has small letters, digits and `-`")
            }
            let keys = try value.mapping(["title", "choices"])
            let choices = try OptionChoice.choices(try keys.required("choices"))
            for variable in Set(choices.flatMap(\.variables.keys)).sorted() {
                if let owner = owners.updateValue("the option `\(name)`", forKey: variable) {
                    throw value.error("\(owner) sets the variable `\(variable)` already")
                }
            }
            options.append(Option(name: name, title: try keys["title"]?.string() ?? name, choices: choices))
        }
        return options
    }
}

extension Profile.OptionChoice {
    /// What a choice may be called: it is a key of the document and a word in the API, such as `12` or `12.4`.
    private static func isName(_ text: String) -> Bool { Spelling.choice.fits(text) }

    fileprivate static func choices(_ node: DocumentNode) throws(DocumentError) -> [Self] {
        var choices: [Self] = []
        for (name, value) in try node.entries() {
            guard isName(name) else {
                throw value.error("the name of a choice has letters, digits, `.`, `_` and `-`, at most 63")
            }
            let keys = try value.mapping(["title", "env"])
            choices.append(
                Self(
                    name: name, title: try keys["title"]?.string() ?? name,
                    variables: try Profile.variables(keys["env"])))
        }
        guard !choices.isEmpty else { throw node.error("at least one choice is wanted here") }
        return choices
    }
}
