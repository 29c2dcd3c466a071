extension Plan {
    /// How long a session may last.
    package struct Life: Hashable, Codable, Sendable {
        /// From its start; the cluster ends it then, with or without the hub.
        package let max: Duration
        /// Between the order to stop and the end of its processes.
        package let grace: Duration
        /// Without activity for so long it is stopped; nil for never.
        package let idle: Duration?
        /// How long before it is stopped, for whichever reason, the person is told; nil for no warning.
        package let warn: Duration?

        /// Any site's agent lets a session go on for so long after its end has come.
        package static let longestGrace = Duration.seconds(300)

        package init(max: Duration, grace: Duration, idle: Duration? = nil, warn: Duration? = nil) {
            self.max = max
            self.grace = grace
            self.idle = idle
            self.warn = warn
        }
    }
}
