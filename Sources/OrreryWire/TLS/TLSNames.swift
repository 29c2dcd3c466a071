/// Which certificate is shown for which name that a client asks for.
struct TLSNames: Sendable {
    private var exact: [String: Int] = [:]
    /// `*.example.org` under `example.org`.
    private var wildcards: [String: Int] = [:]

    /// Number `index` has these names. Who comes first keeps a name.
    mutating func add(_ names: [String], _ index: Int) {
        for name in names {
            if name.hasPrefix("*.") {
                let domain = String(name.dropFirst(2))
                wildcards[domain] = wildcards[domain] ?? index
            } else {
                exact[name] = exact[name] ?? index
            }
        }
    }

    /// The number for a name; nil when none has it. A wildcard stands for one label.
    func index(for name: String) -> Int? {
        let name = name.lowercased()
        if let index = exact[name] { return index }
        guard let dot = name.firstIndex(of: ".") else { return nil }
        return wildcards[String(name[name.index(after: dot)...])]
    }
}
