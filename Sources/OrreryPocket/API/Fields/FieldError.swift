internal import OrreryModel

/// One thing that is wrong with an object, and where: a cause of an answer 422.
struct FieldError {
    let reason: String
    let field: String
    let message: String

    var cause: JSON { ["reason": .string(reason), "message": .string(message), "field": .string(field)] }

    static func invalid(_ field: String, _ value: JSON, _ sentence: String) -> FieldError {
        FieldError(reason: "FieldValueInvalid", field: field, message: "Invalid value: \(value.text): \(sentence)")
    }

    static func required(_ field: String, _ sentence: String = "") -> FieldError {
        FieldError(
            reason: "FieldValueRequired", field: field,
            message: sentence.isEmpty ? "Required value" : "Required value: \(sentence)")
    }

    static func notFound(_ field: String, _ value: String) -> FieldError {
        FieldError(reason: "FieldValueNotFound", field: field, message: "Not found: \"\(value)\"")
    }

    static func duplicate(_ field: String, _ value: String) -> FieldError {
        FieldError(reason: "FieldValueDuplicate", field: field, message: "Duplicate value: \"\(value)\"")
    }

    static func unsupported(_ field: String, _ value: String, _ known: [String]) -> FieldError {
        let list = known.map { "\"\($0)\"" }.joined(separator: ", ")
        return FieldError(
            reason: "FieldValueNotSupported", field: field,
            message: "Unsupported value: \"\(value)\": supported values: \(list)")
    }

    static func forbidden(_ field: String, _ sentence: String) -> FieldError {
        FieldError(reason: "FieldValueForbidden", field: field, message: "Forbidden: \(sentence)")
    }

    static func tooLong(_ field: String, limit: Int) -> FieldError {
        FieldError(
            reason: "FieldValueTooLong", field: field, message: "Too long: may not be more than \(limit) bytes")
    }
}
