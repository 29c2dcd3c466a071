import OrreryModel

/// Whom a grant or a right is for. Nobody is meant unless written: an absent list is an empty one.
package enum Audience: Hashable, Sendable {
    /// Every person the hub lets in; written `everyone`.
    case everyone
    /// The members of the group that an `each` fileset is being expanded for; written `member`.
    case member
    /// The members of one hub group. Compared exactly, case included.
    case group(String)

    /// The group of `person` through which they belong, if there is one; `everyone` needs none.
    func belonging(of person: Person, expanding group: Group?) -> Belonging? {
        switch self {
        case .everyone: .withoutGroup
        case .member: group.flatMap { person.groups.contains($0) ? .through($0) : nil }
        case .group(let name): person.groups.first { $0.name.isExactly(name) }.map { .through($0) }
        }
    }

    /// How a person belongs to an audience.
    enum Belonging: Hashable {
        case withoutGroup
        case through(Group)
    }
}

extension Audience: CustomStringConvertible {
    /// The word of the documents, except that `member` reads as what it means.
    package var description: String {
        switch self {
        case .everyone: "everyone"
        case .member: "its members"
        case .group(let name): name
        }
    }
}

extension Collection where Element == Audience {
    /// Whether `person` is meant, for rights that are not about one group.
    func include(_ person: Person) -> Bool {
        contains { $0.belonging(of: person, expanding: nil) != nil }
    }

    /// `developers`, `developers and science`, `developers, operators and science`; `everyone` swallows the rest.
    var inWords: String {
        if contains(.everyone) { return "everyone" }
        let names = Set(map(\.description)).sorted()
        guard let last = names.last, names.count > 1 else { return names.first ?? "nobody" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }

    /// What somebody outside can do about it; nil where no group is named.
    var remedy: String? {
        let names = Set(compactMap { if case .group(let name) = $0 { name } else { nil } }).sorted()
        switch names.count {
        case 0: return nil
        case 1: return "ask an owner of the group \(names[0])"
        default: return "ask an owner of one of the groups \(map { $0 }.inWords)"
        }
    }

    /// The refusal of `what` to somebody who is not in this audience.
    func refusal(of what: String) -> Refusal {
        let reason =
            switch count {
            case 0: "nobody has it"
            default: "only \(inWords) have it"
            }
        return Refusal(what, because: reason, remedy: remedy)
    }
}
