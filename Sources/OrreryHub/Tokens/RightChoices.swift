import OrreryModel
import OrreryStore

/// The rights that a person may put into a token, from the one table of rights, as boxes of a form.
struct RightChoices: Sendable {
    let person: PersonRecord

    private var scopes: Scopes { .ofPerson(named: person.person.name, isAdmin: person.isAdmin) }

    /// For what is the person's own. What is about the whole site is not among it, since no filter makes it less.
    func own() -> [RightChoice] {
        ofPerson(selecting: ["servers", "read:users"]).filter { !Scope.ofSite.contains($0.name) }
    }

    /// What a program gets that asks for `rights`, by their names.
    func asked(_ rights: [String]) -> [RightChoice] { ofPerson(selecting: Set(rights)).filter(\.isSelected) }

    private func ofPerson(selecting selected: Set<String>) -> [RightChoice] {
        Scope.table.filter { scopes.covers(own($0.name)) }.map { scope in
            RightChoice(
                field: "own-\(scope.name)", name: scope.name, promise: scope.promise,
                isSelected: selected.contains(scope.name))
        }
    }

    /// For everybody: an operator's.
    func everybodys() -> [RightChoice] {
        Scope.table.filter { scopes.covers($0.name) }.map { scope in
            RightChoice(field: "all-\(scope.name)", name: scope.name, promise: scope.promise)
        }
    }

    /// What the form says, as rights with their filters.
    func chosen(in form: FormFields) -> [String] {
        own().filter { form[$0.field] != nil }.map { own($0.name) }
            + everybodys().filter { form[$0.field] != nil }.map(\.name)
    }

    private func own(_ name: String) -> String { "\(name)!user=\(person.person.name)" }
}
