/// How a line of the access log looks.
package enum AccessFormat: String, Sendable, CaseIterable {
    /// The combined format of NCSA's servers, which every tool reads.
    case common
    /// An object a line.
    case json
    /// For people: when, status, what, how long, how much, to whom, for whom.
    case short
}

/// Which requests are written down, and where.
package struct AccessLogConfiguration: Sendable {
    package var format: AccessFormat
    /// A file, which is made if it is not there; nil for standard output.
    package var path: String?

    package init(format: AccessFormat, path: String?) {
        self.format = format
        self.path = path
    }
}
