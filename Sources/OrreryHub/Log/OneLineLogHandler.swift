package import Logging

/// Writes every event as one line: when, how grave, which program, facts as `key=value` in alphabetical order, which part of
/// it in brackets, and what happened.
///
/// It stays one line whatever is in it: control characters and the line breaks of Unicode are escaped as Swift writes them.
/// Names and paths in the facts come from requests, and a line break in one would forge a line.
package struct OneLineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    // As they were given: most loggers of a request or a session never write a line.
    package var metadata: Logger.Metadata = [:]
    private let page: Page

    /// What all copies of one handler write on; a reference, so that a logger holds a handler without a box around it.
    private final class Page: Sendable {
        let label: String
        let write: @Sendable (String) -> Void

        init(_ label: String, _ write: @escaping @Sendable (String) -> Void) {
            self.label = label
            self.write = write
        }
    }

    /// `write` gets every line, with its end.
    package init(
        label: String, logLevel: Logger.Level = .info,
        to write: @escaping @Sendable (String) -> Void = { StandardError.write($0) }
    ) {
        self.logLevel = logLevel
        page = Page(label, write)
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = LogClock.now
        line += " "
        line += event.level.rawValue
        if !page.label.isEmpty {
            line += " "
            line += page.label
        }
        line += ":"
        for (key, value) in facts(of: event) {
            line += " "
            line += key
            line += "="
            line += value.onOneLine.text
        }
        line += " ["
        line += event.source
        line += "] "
        line += event.message.description.onOneLine
        line += "\n"
        page.write(line)
    }

    /// In alphabetical order; what the event says goes before what the logger says.
    private func facts(of event: LogEvent) -> [(key: String, value: Logger.MetadataValue)] {
        var facts = event.metadata.map(Array.init) ?? []
        for fact in metadata where event.metadata?[fact.key] == nil { facts.append(fact) }
        if let error = event.error {
            facts.removeAll { $0.key == "error.message" || $0.key == "error.type" }
            facts.append(("error.message", .string("\(error)")))
            facts.append(("error.type", .string(String(reflecting: type(of: error)))))
        }
        return facts.sorted { $0.key < $1.key }
    }
}

extension Logger.MetadataValue {
    fileprivate var onOneLine: Logger.MetadataValue {
        switch self {
        case .string(let text): .string(text.onOneLine)
        case .stringConvertible(let value): .string("\(value)".onOneLine)
        case .array(let values): .array(values.map(\.onOneLine))
        case .dictionary(let values): .dictionary(values.mapValues(\.onOneLine))
        }
    }

    fileprivate var text: String {
        guard case .string(let text) = self else { return description }
        return text
    }
}

extension String {
    /// The same on one line, with what a terminal would obey written out.
    var onOneLine: String {
        // What has no other bytes than these is on one line; asking Unicode about each takes fifty times as long.
        guard !utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) else { return self }
        guard unicodeScalars.contains(where: \.endsLines) else { return self }
        return unicodeScalars.reduce(into: "") { line, scalar in
            line += scalar.endsLines ? scalar.escaped(asASCII: true) : String(scalar)
        }
    }
}

extension Unicode.Scalar {
    /// Whether a terminal or a reader of the log would take it for more than a character.
    fileprivate var endsLines: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
