/// Some of the rights of `Scope.table`, without a word for whom. A number: every request asks for some.
struct Rights: OptionSet, Hashable, Sendable {
    let rawValue: UInt32

    /// The right alone; none where the table has no such name.
    static func only(_ name: String) -> Rights { known[name]?.alone ?? [] }

    /// The right and everything that comes with it, at any depth; none where the table has no such name.
    static func closure(of name: String) -> Rights { known[name]?.closure ?? [] }

    static func closure(of names: [String]) -> Rights { Rights(names.map(closure)) }

    var names: [String] { Scope.table.map(\.name).filter { contains(.only($0)) } }

    private static let known = Dictionary(
        uniqueKeysWithValues: Scope.table.map { scope in
            (scope.name, (alone: bits([scope.name]), closure: everything(with: scope.name)))
        })

    private static func bits(_ names: Set<String>) -> Rights {
        Rights(Scope.table.indices.filter { names.contains(Scope.table[$0].name) }.map { Rights(rawValue: 1 << $0) })
    }

    private static func everything(with name: String) -> Rights {
        var found: Set<String> = [name]
        var open = [name]
        while let next = open.popLast() {
            for included in Scope.named(next)?.includes ?? [] where found.insert(included).inserted {
                open.append(included)
            }
        }
        return bits(found)
    }
}
