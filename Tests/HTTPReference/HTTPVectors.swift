/// A message, and what becomes of it: nil is accepted, a number is the status that refuses it.
package struct HTTPVector: Sendable, CustomStringConvertible {
    package let what: String
    package let text: String
    package let status: Int?

    init(_ what: String, _ text: String, _ status: Int?) { (self.what, self.text, self.status) = (what, text, status) }

    /// A request with `Host: h` and these fields.
    static func fields(_ what: String, _ fields: String, _ status: Int?) -> HTTPVector {
        HTTPVector(what, "POST /a HTTP/1.1\r\nHost: h\r\n\(fields)\r\n\r\n", status)
    }

    /// A request with this first line.
    static func line(_ what: String, _ line: String, _ status: Int?) -> HTTPVector {
        HTTPVector(what, "\(line)\r\nHost: h\r\n\r\n", status)
    }

    /// A request with this host.
    static func host(_ host: String, _ status: Int?) -> HTTPVector {
        HTTPVector("host \(host)", "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n", status)
    }

    package var description: String { what }
}
