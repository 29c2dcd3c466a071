import Foundation
import OrreryCrypto
import OrreryModel
import OrreryStore

extension Backroom {
    /// Gives the records that `question` asks for to `line`, each as one line, the oldest first: as JSON or for people.
    package func audit(
        _ question: AuditQuestion, asJSON: Bool, _ line: (String) throws -> Void
    ) async throws {
        var last: [AuditEntry] = []
        try await entries(question.query) { entry in
            guard let count = question.last.map(Int.init) else { return try line(entry.line(asJSON: asJSON)) }
            last.append(entry)
            // Not after every one: taking from the front moves all the others.
            if last.count >= 2 * count + 1000 { last.removeFirst(last.count - count) }
        }
        for entry in last.suffix(Int(question.last ?? 0)) { try line(entry.line(asJSON: asJSON)) }
    }

    /// Whether the log is what was written: a sentence, and false when it is not. `noted` is `NUMBER:MARK` as the hub's log or
    /// an earlier call named it.
    package func verifyAudit(noted: String?) async throws -> (isSound: Bool, sentence: String) {
        let verification = AuditVerification(store: database, chain: try await AuditChain.open(database, keys: keys))
        switch try await verification.run(noted: noted.map(Self.place)) {
        case .sound(let records, let end, let unchecked):
            let gap =
                unchecked == 0
                ? "" : "; the key was lost after record \(unchecked), and nobody can check those up to there"
            return (
                true,
                """
                OK: \(records) records as they were written; the last is \(end.number):\(end.mark.hexadecimal)\(gap)
                """
            )
        case .tampered(let sentence):
            return (false, "TAMPERED: \(sentence)")
        }
    }

    private func entries(_ query: AuditQuery, _ body: (AuditEntry) throws -> Void) async throws {
        var after: Int64 = 0
        while true {
            let page = try await database.entries(query, after: after, limit: 1000)
            try page.forEach(body)
            guard let number = page.last?.number else { return }
            after = number
        }
    }

    private static func place(_ text: String) throws(HubError) -> AuditPlace {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let number = Int64(parts[0]), let mark = bytes(parts[1]) else {
            throw HubError(
                .badRequest, "`\(text)` is no place in the log", next: "write NUMBER:MARK as the hub's log has it")
        }
        return AuditPlace(number: number, mark: mark)
    }

    /// The bytes of at least eight hexadecimal digits.
    private static func bytes(_ digits: Substring) -> [UInt8]? {
        let digits = Array(digits)
        guard digits.count >= 8, digits.count.isMultiple(of: 2) else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
        return bytes.count == digits.count / 2 ? bytes : nil
    }
}

extension AuditEntry {
    fileprivate func line(asJSON: Bool) throws -> String {
        guard asJSON else { return text }
        var fields: JSON = ["number": .integer(number), "mark": .string(mark.hexadecimal)]
        for (name, value) in self.fields { fields[name] = .string(value) }
        if let person = record.person { fields["person"] = .integer(person) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(fields), as: UTF8.self)
    }

    /// What is there, by name, in the order in which people read it.
    private var fields: [(name: String, value: String)] {
        let fields: [(String, String?)] = [
            ("at", Timestamp.text(record.at)), ("act", record.act), ("name", record.name),
            ("issuer", record.identity?.issuer), ("subject", record.identity?.subject), ("by", record.orderedBy),
            ("object", record.object), ("cluster", record.cluster), ("address", record.address), ("why", record.why),
            ("request", record.request),
        ]
        return fields.compactMap { name, value in value.map { (name, $0) } }
    }

    /// `NUMBER MOMENT ACT NAME key=value …`; a value with a space in it stands in quotes.
    private var text: String {
        let words = fields.map { name, value in
            let isPlain = !value.isEmpty && !value.contains(where: { $0.isWhitespace || $0 == "\"" })
            let shown = isPlain ? value : "\"\(value.replacing("\"", with: "'"))\""
            return ["at", "act", "name"].contains(name) ? shown : "\(name)=\(shown)"
        }
        return (["\(number)"] + words).joined(separator: "  ")
    }
}
