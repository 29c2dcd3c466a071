/// A whole answer, whatever its status.
package struct FetchResponse: Sendable {
    package let status: Int
    package let headers: FetchHeaders
    package let body: [UInt8]

    package init(status: Int, headers: FetchHeaders, body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    package var text: String { String(decoding: body, as: UTF8.self) }
}
