package import Logging

/// Writes every event as one line, whatever is in it: control characters and the line breaks of Unicode are escaped as
/// Swift writes them. Names and paths in the facts come from requests, and a line break in one would forge a line.
package struct OneLineLogHandler: LogHandler {
    private var handler: any LogHandler

    /// `handler` gets the events.
    package init(_ handler: any LogHandler) { self.handler = handler }

    package var logLevel: Logger.Level {
        get { handler.logLevel }
        set { handler.logLevel = newValue }
    }

    package var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue.mapValues(\.onOneLine) }
    }

    package var metadataProvider: Logger.MetadataProvider? {
        get { handler.metadataProvider }
        set { handler.metadataProvider = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue?.onOneLine }
    }

    package func log(event: LogEvent) {
        var event = event
        event.message = "\("\(event.message)".onOneLine)"
        event.metadata = event.metadata?.mapValues(\.onOneLine)
        handler.log(event: event)
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
