extension Fault {
    /// Answers that a real API server gives when it does not want to, in its words (recorded from 1.36.2).
    package enum Refusal: String, Codable, CaseIterable, Hashable, Sendable {
        case unauthorized, rbac, quota, podSecurity, webhook, webhookAway, namespaceTerminating, namespaceGone
        case alreadyExists, conflict, expired, versionTooLarge, tooManyRequests, tooManyRequestsSilently
        case invalid, unknownField, unavailable, internalError, badGateway

        /// Status, further header fields, and body.
        package var answer: (status: Int, headers: [(String, String)], body: String) {
            switch self {
            case .tooManyRequests: (429, [("Retry-After", "1")], "Too many requests, please try again later.\n")
            case .tooManyRequestsSilently: (429, [], "Too many requests, please try again later.\n")
            case .badGateway: (502, [], "<html><body><h1>502 Bad Gateway</h1></body></html>\n")
            default: (words.code, words.code == 504 ? [("Retry-After", "1")] : [], status)
            }
        }

        /// The answer's body, and what follows `"object":` in an ERROR line of a watch.
        package var status: String {
            let (code, reason, message) = words
            let reasonText = reason.isEmpty ? "" : #""reason":"\#(reason)","#
            return """
                {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"\(message)",\
                \(reasonText)\(details)"code":\(code)}
                """
        }

        private var details: String {
            switch self {
            case .namespaceTerminating:
                #""details":{"kind":"pods","causes":[{"reason":"NamespaceTerminating","message":"namespace hub is being "#
                    + #"terminated","field":"metadata.namespace"}]},"#
            case .versionTooLarge:
                #""details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"#
                    + #""retryAfterSeconds":1},"#
            case .invalid:
                #""details":{"kind":"Pod","causes":[{"reason":"FieldValueInvalid","message":"Invalid value","#
                    + #""field":"spec.x"}]},"#
            default: ""
            }
        }

        private var words: (code: Int, reason: String, message: String) {
            switch self {
            case .unauthorized: (401, "Unauthorized", "Unauthorized")
            case .rbac:
                (
                    403, "Forbidden",
                    #"pods is forbidden: User \"system:serviceaccount:hub:hub\" cannot create resource \"pods\" in API "#
                        + #"group \"\" in the namespace \"hub\""#
                )
            case .quota:
                (
                    403, "Forbidden",
                    #"pods \"x\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"#
                )
            case .podSecurity:
                (
                    403, "Forbidden",
                    #"pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\": seccompProfile (pod or container "#
                        + #"\"notebook\" must set securityContext.seccompProfile.type to \"RuntimeDefault\")"#
                )
            case .webhook:
                (403, "Forbidden", #"admission webhook \"policy.example.org\" denied the request: no notebooks today"#)
            case .webhookAway:
                (
                    500, "InternalError",
                    #"Internal error occurred: failed calling webhook \"policy.example.org\": failed to call webhook: "#
                        + "context deadline exceeded"
                )
            case .namespaceTerminating:
                (
                    403, "Forbidden",
                    #"pods \"x\" is forbidden: unable to create new content in namespace hub because it is being terminated"#
                )
            case .namespaceGone: (404, "NotFound", #"namespaces \"hub\" not found"#)
            case .alreadyExists: (409, "AlreadyExists", #"pods \"x\" already exists"#)
            case .conflict:
                (
                    409, "Conflict",
                    #"Operation cannot be fulfilled on Pod \"x\": the UID in the precondition (a) does not match the UID in "#
                        + "record (b). The object might have been deleted and then recreated"
                )
            case .expired: (410, "Expired", "too old resource version: 1 (5000)")
            case .versionTooLarge: (504, "Timeout", "Timeout: Too large resource version: 9000, current: 12")
            case .invalid: (422, "Invalid", #"Pod \"x\" is invalid: spec.x: Invalid value"#)
            case .unknownField:
                (
                    400, "BadRequest",
                    #"Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \"spec.x\""#
                )
            case .unavailable: (503, "ServiceUnavailable", "the server is currently unable to handle the request")
            case .internalError: (500, "InternalError", "Internal error occurred: etcdserver: request timed out")
            case .tooManyRequests, .tooManyRequestsSilently: (429, "", "Too many requests, please try again later.")
            case .badGateway: (502, "", "Bad Gateway")
            }
        }
    }
}
