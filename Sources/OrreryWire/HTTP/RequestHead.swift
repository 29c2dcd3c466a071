// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every event.

/// The head of a request, as places in the bytes it was read from. Reading one allocates nothing.
///
/// The grammar is RFC 9112 without its allowances for old senders: a line ends with CRLF, one space parts the words of
/// the first line, no line continues another, and a message has one length. What is refused here cannot be understood
/// differently by the server behind us.
public struct RequestHead: ~Copyable {
    public enum Method: Sendable { case get, head, post, put, delete, options, other }
    public enum Version: Sendable { case http10, http11 }

    /// How many bytes the head has, from the first byte given to the end of the empty line.
    public internal(set) var length = 0
    public internal(set) var method: Method = .other
    public internal(set) var methodName: Slice = .nothing
    /// The path as it was sent, without the query. Empty for the request `http://host` and for `OPTIONS *`.
    public internal(set) var path: Slice = .nothing
    /// The query as it was sent, with its question mark.
    public internal(set) var query: Slice = .nothing
    public internal(set) var isAsterisk = false
    /// The path has escapes, backslashes, semicolons, dot segments, empty segments or bytes beyond ASCII: two readers may
    /// disagree about it.
    public internal(set) var isPathDelicate = false
    public internal(set) var version: Version = .http11
    public internal(set) var fields = Fields(ofRequest: true)
    public internal(set) var body: BodyFraming = .none

    public init() {}

    /// Whether the client wants the connection to go on.
    public var keepsAlive: Bool {
        if fields.connection.contains(.close) { return false }
        return version == .http11 || fields.connection.contains(.keepAlive)
    }

    /// Whether the request asks to leave HTTP for another protocol, which only one without a body may.
    public var wantsUpgrade: Bool {
        version == .http11 && !fields.upgrade.isEmpty && fields.connection.contains(.upgrade) && body.isNone
    }

    /// Whether the only protocol it offers is WebSocket.
    public var wantsWebSocket: Bool { wantsUpgrade && fields.isWebSocket }

    /// Whether sending it twice does no more than sending it once (RFC 9110 9.2.2), and nothing of it is lost by then.
    public var isRepeatable: Bool {
        guard body.isNone, !wantsUpgrade else { return false }
        switch method {
        case .get, .head, .options, .put, .delete: return true
        case .post, .other: return false
        }
    }
}
