extension FetchRequest {
    /// Where the request goes. Throws `.badRequest` for a URL, method or header that could not be sent as it stands, or
    /// with which somebody could smuggle a second header or request past us.
    func check() throws(FetchError) -> Origin {
        guard let origin = Origin(url: url) else {
            throw FetchError(.badRequest, "the URL to fetch is not a plain absolute http or https URL", host: "")
        }
        guard method.isToken else {
            throw FetchError(
                .badRequest, "the method of a request to \(origin.description) is not a token", host: origin.description
            )
        }
        for header in headers where !header.name.isToken || header.value.utf8.contains(where: isLineEndOrNull) {
            throw FetchError(
                .badRequest, "a header of a request to \(origin.description) has forbidden characters",
                host: origin.description)
        }
        return origin
    }
}

private func isLineEndOrNull(_ byte: UInt8) -> Bool { byte == 0x0d || byte == 0x0a || byte == 0 }

extension String {
    /// RFC 9110 5.6.2.
    fileprivate var isToken: Bool {
        !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
