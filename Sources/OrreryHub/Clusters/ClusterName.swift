/// Names that clusters may have: they stand in addresses, in targets of the proxy and in file names.
enum ClusterName {
    /// Small letters, digits and hyphens, 32 at most, a letter first and no hyphen last.
    /// `claim` is the address of a page.
    static func isGood(_ name: String) -> Bool {
        name != "claim" && name.wholeMatch(of: /[a-z]([a-z0-9-]{0,30}[a-z0-9])?/) != nil
    }

    /// A name that nobody has or had: `wish` if that is one, with a number behind it if it is taken; else one made of the key's
    /// id. Never one of `taken`.
    static func free(_ wish: String?, key: String, among taken: Set<String>) -> String {
        let base = wish.flatMap { isGood($0) ? $0 : nil } ?? "cluster-\(key.prefix(8))"
        guard taken.contains(base) else { return base }
        for number in 2... {
            let tail = "-\(number)"
            let name = String(base.prefix(32 - tail.count)) + tail
            if !taken.contains(name) { return name }
        }
        preconditionFailure("numbers do not end")
    }
}
