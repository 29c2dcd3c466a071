import OrreryDocument

extension HubConfiguration {
    /// Reads `auth.tokens`: how long tokens live that people make for programs.
    static func tokenLimits(_ node: DocumentNode?) throws(DocumentError) -> TokenLimits {
        var limits = TokenLimits()
        guard let keys = try node?.mapping(["usual", "max"]) else { return limits }
        if let max = keys["max"] { limits.max = try max.duration() }
        limits.usual = try keys["usual"]?.duration() ?? min(limits.usual, limits.max)
        guard limits.usual >= .seconds(60) else {
            throw keys.node.error("less than a minute is over before anybody has used the token")
        }
        guard limits.usual <= limits.max else { throw keys.node.error("`usual` is longer than `max`") }
        return limits
    }
}
