/// What somebody chose for a session: on the page, over the API, or the last time. Nil, and an option that is not named,
/// take the default.
package struct SessionChoice: Hashable, Codable, Sendable {
    package var profile: String?
    package var environment: String?
    package var size: String?
    /// The choice for each option, by the option's name.
    package var options: [String: String]
    package var cluster: String?

    package init(
        profile: String? = nil, environment: String? = nil, size: String? = nil, options: [String: String] = [:],
        cluster: String? = nil
    ) {
        self.profile = profile
        self.environment = environment
        self.size = size
        self.options = options
        self.cluster = cluster
    }

    /// Longer than the name of anything: it is refused without being repeated on a page or in the log.
    package var isTooLong: Bool {
        let texts = [profile, environment, size, cluster].compactMap { $0 } + options.keys + options.values
        return options.count > 64 || texts.contains { $0.utf8.count > 253 }
    }
}
