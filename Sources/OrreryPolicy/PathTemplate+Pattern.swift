extension PathTemplate {
    /// The fixed segments at its beginning, and the others with `*` for each hole: what a program that knows no people looks
    /// for. No other character of a template means anything in a pattern of names.
    package var split: (fixed: [String], patterns: [String]) {
        let fixed = segments.prefix { $0.hole == nil }
        return (
            fixed.map(\.before),
            segments.dropFirst(fixed.count).map { $0.hole == nil ? $0.before : "\($0.before)*\($0.after)" }
        )
    }
}
