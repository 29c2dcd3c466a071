import OrreryModel
import OrreryStore

/// The rights that a person may put into a token, from the one table of rights, as boxes of a form.
struct RightChoices: Sendable {
    let person: PersonRecord

    private var scopes: Scopes { .ofPerson(named: person.person.name, isAdmin: person.isAdmin) }

    /// For what is the person's own. `selected` are names of rights.
    func own(selecting selected: Set<String> = ["servers", "read:users"]) -> [RightChoice] {
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
