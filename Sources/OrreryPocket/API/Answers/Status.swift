internal import OrreryModel

/// A refusal as a real API server words it: the `Status` object of the answer, thrown by whoever finds the reason.
struct Status: Error {
    let code: Int
    /// The word for programs: `NotFound`. Some answers of a real server have none.
    let reason: String?
    let message: String
    var details: JSON?
    /// Members of the Status' own metadata; only `continue` is ever used.
    var metadata: JSON = [:]
    var retryAfter: Int?
    /// Whether it is the access rules that refuse; a real server marks those answers with a header.
    var isAccessRule = false
    /// Whether the connection is of no use after this answer.
    var closes = false

    var json: JSON {
        var json: JSON = [
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": .string(message), "code": .integer(Int64(code)),
        ]
        json["reason"] = reason.map { .string($0) }
        json["details"] = details
        return json
    }

    static func success(_ key: ObjectStore.Key, uid: String) -> JSON {
        [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
            "details": named(key).merging(["uid": .string(uid)]),
        ]
    }

    fileprivate static func named(_ key: ObjectStore.Key) -> JSON {
        var details: JSON = ["name": .string(key.name), "kind": .string(key.kind.rawValue)]
        details["group"] = key.kind.group.isEmpty ? JSON?.none : .string(key.kind.group)
        return details
    }
}

extension Status {
    static let unauthorized = Status(code: 401, reason: "Unauthorized", message: "Unauthorized")

    static let noSuchResource = Status(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource", details: [:])

    static let methodNotAllowed = Status(
        code: 405, reason: "MethodNotAllowed",
        message: "the server does not allow this method on the requested resource", details: [:])

    static let badPatch = Status(
        code: 422, reason: "Invalid", message: "the server rejected our request due to an error in our request",
        details: [:])

    static let unsupportedPatch = Status(
        code: 415, reason: "UnsupportedMediaType", message: "415: Unsupported Media Type", details: [:])

    static let unsupportedBody = Status(
        code: 415, reason: "UnsupportedMediaType",
        message: "the body of the request was in an unknown format - accepted media types include: "
            + "application/json, application/yaml, application/vnd.kubernetes.protobuf")

    static let notAcceptable = Status(
        code: 406, reason: "NotAcceptable",
        message: "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
            + "application/vnd.kubernetes.protobuf, application/json;stream=watch, "
            + "application/vnd.kubernetes.protobuf;stream=watch", details: [:])

    static let listExpired = Status(
        code: 410, reason: "Expired", message: "The resourceVersion for the provided list is too old.")

    static func badRequest(_ message: String) -> Status {
        Status(code: 400, reason: "BadRequest", message: message)
    }

    static func internalError(_ message: String) -> Status {
        Status(code: 500, reason: "InternalError", message: "Internal error occurred: \(message)")
    }

    static func tooLarge(limit: Int) -> Status {
        Status(
            code: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is \(limit)",
            closes: true)
    }

    static func notFound(_ key: ObjectStore.Key) -> Status {
        Status(
            code: 404, reason: "NotFound", message: "\(key.kind.qualified) \"\(key.name)\" not found",
            details: named(key))
    }

    static func alreadyExists(_ key: ObjectStore.Key) -> Status {
        Status(
            code: 409, reason: "AlreadyExists", message: "\(key.kind.qualified) \"\(key.name)\" already exists",
            details: named(key))
    }

    /// The object was changed since the caller read it.
    static func conflict(_ key: ObjectStore.Key) -> Status {
        Status(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(key.kind.qualified) \"\(key.name)\": the object has been "
                + "modified; please apply your changes to the latest version and try again", details: named(key))
    }

    /// A precondition of the caller does not hold. A real server names the kind here, and not the resource.
    static func preconditionFailed(_ key: ObjectStore.Key, _ sentence: String) -> Status {
        Status(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(key.kind.name) \"\(key.name)\": \(sentence)",
            details: ["name": .string(key.name), "kind": .string(key.kind.name)])
    }

    static func forbidden(_ key: ObjectStore.Key, _ sentence: String, causes: [JSON] = []) -> Status {
        var details = named(key)
        if !causes.isEmpty { details["causes"] = .array(causes) }
        return Status(
            code: 403, reason: "Forbidden", message: "\(key.kind.qualified) \"\(key.name)\" is forbidden: \(sentence)",
            details: details)
    }

    static func namespaceTerminating(_ key: ObjectStore.Key) -> Status {
        let namespace = key.namespace
        return forbidden(
            key, "unable to create new content in namespace \(namespace) because it is being terminated",
            causes: [
                [
                    "reason": "NamespaceTerminating",
                    "message": .string("namespace \(namespace) is being terminated"), "field": "metadata.namespace",
                ]
            ])
    }

    static func invalid(_ key: ObjectStore.Key, _ errors: [FieldError]) -> Status {
        let sentences = errors.map { "\($0.field): \($0.message)" }
        let all = sentences.count == 1 ? sentences[0] : "[\(sentences.joined(separator: ", "))]"
        var details: JSON = ["kind": .string(key.kind.name), "causes": .array(errors.map(\.cause))]
        details["name"] = key.name.isEmpty ? JSON?.none : .string(key.name)
        details["group"] = key.kind.group.isEmpty ? JSON?.none : .string(key.kind.group)
        return Status(
            code: 422, reason: "Invalid",
            message: "\(key.kind.name)\(key.kind.dottedGroup) \"\(key.name)\" is invalid: \(all)",
            details: details)
    }

    static func versionTooLarge(_ version: Int64, current: Int64) -> Status {
        Status(
            code: 504, reason: "Timeout",
            message: "Timeout: Too large resource version: \(version), current: \(current)",
            details: [
                "causes": [["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]],
                "retryAfterSeconds": 1,
            ], retryAfter: 1)
    }

    static func continueExpired(_ token: ContinueToken) -> Status {
        Status(
            code: 410, reason: "Expired",
            message: "The provided continue parameter is too old to display a consistent list result. You can start "
                + "a new list without the continue parameter, or use the continue token in this response to retrieve "
                + "the remainder of the results. Continuing with the provided token results in an inconsistent list "
                + "- objects that were created, modified, or deleted between the time the first chunk was returned "
                + "and now may show up in the list.",
            metadata: ["continue": .string(token.text)])
    }

    static func watchExpired(_ version: Int64, oldest: Int64) -> Status {
        Status(code: 410, reason: "Expired", message: "too old resource version: \(version) (\(oldest))")
    }

    static func badVersion(_ text: String) -> Status {
        Status(
            code: 500, reason: nil,
            message:
                "resourceVersion: Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax")
    }
}

extension Kind {
    /// The resource with its group, as messages name it: `pods`, `storageclasses.storage.k8s.io`.
    var qualified: String { rawValue + dottedGroup }

    var dottedGroup: String { group.isEmpty ? "" : "." + group }
}

extension JSON {
    /// This object with the members of `other` added, those of `other` winning.
    func merging(_ other: JSON) -> JSON {
        var merged = self
        for (name, value) in other.object ?? [:] { merged[name] = value }
        return merged
    }
}
