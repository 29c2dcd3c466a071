import HTTPTypes
import OrreryFetch
import OrreryModel

/// The header fields that pass the gate. Towards the API server none does: the agent writes all of them itself.
enum GateHeaders {
    /// Why a request with these fields is refused; nil when it is not. What asks for another way to read the request, or to act as
    /// somebody else, is refused and not only left out: a hub has no use for it.
    static func refusal(_ fields: HTTPFields) -> GateRefusal? {
        for field in fields {
            let name = field.name.canonicalName
            let isForeign =
                ["upgrade", "x-http-method-override", "x-http-method", "x-method-override", "http2-settings"].contains(
                    name)
                || name.hasPrefix("impersonate-") || name.hasPrefix("x-remote-")
            if isForeign { return GateRefusal("no call of a hub has the header `\(name)`") }
            if name == "content-encoding" || name == "expect" {
                return GateRefusal("the gate does not take the header `\(name)`")
            }
            if name == "connection", field.value.lowercased().contains("upgrade") {
                return GateRefusal("the gate changes to no other protocol")
            }
        }
        return nil
    }

    /// Whether a request with these fields ends with its head.
    static func sayNoBody(_ fields: HTTPFields) -> Bool {
        (fields[.contentLength] ?? "0") == "0" && fields[.transferEncoding] == nil
    }

    /// What of an answer the hub sees.
    static func answer(_ headers: FetchHeaders) -> HTTPFields {
        var fields = HTTPFields()
        for name in ["Content-Type", "Retry-After", "Warning", "Audit-Id", "Date"] {
            guard let field = HTTPField.Name(name) else { continue }
            for value in headers.all(name) { fields.append(HTTPField(name: field, value: value)) }
        }
        return fields
    }

    /// The content type that a body of this kind has.
    static func contentType(of body: GateRule.Body) -> String {
        body == .secretChange ? "application/merge-patch+json" : "application/json"
    }
}
