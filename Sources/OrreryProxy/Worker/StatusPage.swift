internal import OrreryWire

/// The answers that the proxy gives itself. `allowed` is what `Allow` says, with 204 and 405.
enum StatusPage {
    /// What may be sent to a target.
    static let allMethods: StaticString = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

    /// The status and its reason.
    static func line(_ status: Int) -> StaticString {
        switch status {
        case 200: "200 OK"
        case 204: "204 No Content"
        case 301: "301 Moved Permanently"
        case 302: "302 Found"
        case 400: "400 Bad Request"
        case 401: "401 Unauthorized"
        case 403: "403 Forbidden"
        case 404: "404 Not Found"
        case 405: "405 Method Not Allowed"
        case 408: "408 Request Timeout"
        case 413: "413 Content Too Large"
        case 414: "414 URI Too Long"
        case 417: "417 Expectation Failed"
        case 429: "429 Too Many Requests"
        case 431: "431 Request Header Fields Too Large"
        case 501: "501 Not Implemented"
        case 502: "502 Bad Gateway"
        case 503: "503 Service Unavailable"
        case 504: "504 Gateway Timeout"
        case 505: "505 HTTP Version Not Supported"
        default: "500 Internal Server Error"
        }
    }

    /// What to tell a person: what happened, whose doing it is where that is known, and what to do next.
    static func sentence(_ status: Int) -> StaticString {
        switch status {
        case 400:
            "The request can be understood in more than one way, so it was not passed on. Please check its address."
        case 403:
            """
            This is not open to you, or the way here took too long. Please open the page again from its beginning; \
            if that does not help, ask its owner.
            """
        case 404: "Nothing is served at this address. Please check it, or begin at the first page of this site."
        case 405: "This address does not take requests of this method."
        case 408: "Your request took too long to arrive. Please try again."
        case 414, 431: "The address or the headers are too long. Deleting this site's cookies may help."
        case 417, 501, 505: "The program that asked wants something that is not supported here."
        case 429: "Too many connections come from your network. Please close some pages and try again."
        case 502:
            """
            The server behind this address gave no usable answer. Please try again; if it stays so, tell whoever \
            runs it.
            """
        case 503:
            """
            The server behind this address does not answer. It may be starting or stopped: please try again in a \
            moment, or start it again.
            """
        case 504:
            """
            The server behind this address took too long to answer. Please try again; if it stays so, tell whoever \
            runs it.
            """
        default: "The request cannot be served."
        }
    }

    /// Appends a whole answer with a small page. `isHead`: without the page itself.
    static func write(
        _ status: Int, isHead: Bool, saysClose: Bool, date: Span<UInt8>, allowed: StaticString = allMethods,
        to target: inout Buffer
    ) {
        if status == 204 {
            target.append("HTTP/1.1 204 No Content\r\n")
            return writeLast(status, saysClose: saysClose, date: date, allowed: allowed, to: &target)
        }
        let line = line(status)
        let sentence = sentence(status)
        let frame: StaticString = "<!doctype html><title>:</title><h1>:</h1><p></p>\n"
        let length = frame.utf8CodeUnitCount + line.utf8CodeUnitCount * 2 + sentence.utf8CodeUnitCount
        writeHead(status, length: length, to: &target)
        writeLast(status, saysClose: saysClose, date: date, allowed: allowed, to: &target)
        guard !isHead else { return }
        target.append("<!doctype html><title>")
        appendTitle(status, to: &target)
        target.append("</title><h1>")
        appendTitle(status, to: &target)
        target.append("</h1><p>")
        target.append(sentence)
        target.append("</p>\n")
    }

    /// Appends a whole answer with a page of the operator's.
    static func write(
        _ status: Int, page: Span<UInt8>, isHead: Bool, saysClose: Bool, date: Span<UInt8>,
        allowed: StaticString = allMethods, to target: inout Buffer
    ) {
        writeHead(status, length: page.count, to: &target)
        writeLast(status, saysClose: saysClose, date: date, allowed: allowed, to: &target)
        if !isHead { target.append(page) }
    }

    /// Appends a whole answer with a small page that says `sentence`, which somebody else has written. `fields` ends each
    /// of its lines.
    static func write(
        _ status: Int, fields: StaticString, sentence: String, isHead: Bool, saysClose: Bool, date: Span<UInt8>,
        to target: inout Buffer
    ) {
        var text: [UInt8] = []
        for byte in sentence.utf8 {
            switch byte {
            case UInt8(ascii: "<"): text += "&lt;".utf8
            case UInt8(ascii: ">"): text += "&gt;".utf8
            case UInt8(ascii: "&"): text += "&amp;".utf8
            case 0..<32, 127: text.append(32)
            default: text.append(byte)
            }
        }
        let frame: StaticString = "<!doctype html><meta charset=\"utf-8\"><title>:</title><h1>:</h1><p></p>\n"
        writeHead(
            status, length: frame.utf8CodeUnitCount + line(status).utf8CodeUnitCount * 2 + text.count, to: &target)
        target.append(fields)
        writeLast(status, saysClose: saysClose, date: date, allowed: allMethods, to: &target)
        guard !isHead else { return }
        target.append("<!doctype html><meta charset=\"utf-8\"><title>")
        appendTitle(status, to: &target)
        target.append("</title><h1>")
        appendTitle(status, to: &target)
        target.append("</h1><p>")
        target.append(text.span)
        target.append("</p>\n")
    }

    private static func writeHead(_ status: Int, length: Int, to target: inout Buffer) {
        target.append("HTTP/1.1 ")
        target.append(line(status))
        target.append("\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\nContent-Length: ")
        target.append(decimal: UInt64(length))
        target.append("\r\n")
    }

    /// `404: Not Found`, as configurable-http-proxy's pages begin.
    private static func appendTitle(_ status: Int, to target: inout Buffer) {
        let line = line(status)
        for index in 0..<line.utf8CodeUnitCount {
            if index == 3 { target.append(":") }
            // Inside the literal: its length is the bound.
            target.append(unsafe line.utf8Start[index])
        }
    }

    private static func writeLast(
        _ status: Int, saysClose: Bool, date: Span<UInt8>, allowed: StaticString, to target: inout Buffer
    ) {
        target.append(date)
        if status == 204 || status == 405 {
            target.append("Allow: ")
            target.append(allowed)
            target.append("\r\n")
        }
        // Something that starts, or starts again, mostly has done so by then.
        if status == 503 { target.append("Retry-After: 1\r\n") }
        if saysClose { target.append("Connection: close\r\n") }
        target.append("\r\n")
    }

    /// Appends a whole answer of another kind. `fields` ends each of its lines.
    static func write(
        _ status: Int, fields: StaticString, body: StaticString, isHead: Bool, saysClose: Bool, date: Span<UInt8>,
        allowed: StaticString = allMethods, to target: inout Buffer
    ) {
        target.append("HTTP/1.1 ")
        target.append(line(status))
        target.append("\r\n")
        target.append(fields)
        target.append("Content-Length: ")
        target.append(decimal: UInt64(body.utf8CodeUnitCount))
        target.append("\r\n")
        writeLast(status, saysClose: saysClose, date: date, allowed: allowed, to: &target)
        if !isHead { target.append(body) }
    }
}
