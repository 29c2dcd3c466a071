import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OrreryCrypto
import OrreryModel

extension Request {
    /// The value of the cookie `name`; nil when there is none, or when it was sent twice, which only happens when
    /// somebody planted one beside ours.
    func cookie(_ name: String) -> String? {
        let values = headers[values: .cookie].flatMap { $0.split(separator: ";") }.compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let isNamed = parts.count == 2 && parts[0].trimmingCharacters(in: .whitespaces) == name
            return isNamed ? String(parts[1]) : nil
        }
        return values.count == 1 ? values[0] : nil
    }

    /// The fields of the query.
    var fields: FormFields { FormFields(uri.query ?? "") }

    /// Path and query as they came.
    var target: String { head.path ?? "/" }

    /// The text behind `Authorization: token` or `Authorization: Bearer`.
    var bearer: String? {
        let parts = (headers[.authorization] ?? "").utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
        guard parts.count == 2, ["token", "bearer"].contains(where: parts[0].isCaselessly) else { return nil }
        return String(Substring(parts[1].withoutBlanksAround))
    }

    /// Whether a person sits at the other end rather than a program.
    var wantsPage: Bool { headers[.accept]?.contains("text/html") ?? false }

    /// The fields of a form in the body, at most 64 KiB.
    func form() async throws -> FormFields {
        FormFields(String(buffer: try await limitedBody()))
    }

    /// The body as JSON, at most 64 KiB; nil for an empty one. One that two readers could take for two things is refused.
    func json() async throws -> JSON? {
        let body = try await limitedBody()
        guard body.readableBytes > 0 else { return nil }
        do {
            return try JSON(strict: Array(body.readableBytesView))
        } catch {
            throw HubError(.badRequest, "Invalid JSON in body of request")
        }
    }

    private func limitedBody() async throws -> ByteBuffer {
        do {
            return try await body.collect(upTo: 64 << 10)
        } catch is NIOTooManyBytesError {
            throw HubError(.tooLarge, "the body of this request is larger than 64 KiB")
        }
    }
}

extension Substring.UTF8View {
    /// `word` is of small letters.
    fileprivate func isCaselessly(_ word: String) -> Bool {
        // No other bytes than the two cases of a letter become the letter.
        lazy.map { $0 | 0x20 }.elementsEqual(word.utf8)
    }

    fileprivate var withoutBlanksAround: Substring.UTF8View {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let rest = drop(while: isBlank)
        guard let last = rest.lastIndex(where: { !isBlank($0) }) else { return rest }
        return rest[...last]
    }
}
