import OrreryCrypto
import OrreryModel
import OrreryStore

/// Reads a whole audit log and says whether it is what was written.
struct AuditVerification: Sendable {
    let store: any AuditStore
    let chain: AuditChain

    /// What was found, in one sentence, or the end of a log that is as it was written.
    enum Finding: Hashable, Sendable {
        /// Where the key of the marks was lost, the records up to `unchecked` are there, and nobody can say more about them.
        case sound(records: Int, end: AuditPlace, unchecked: Int64 = 0)
        case tampered(String)
    }

    private struct Walk {
        var place: AuditPlace
        var records = 0
        /// The first record with a wrong mark, unless one after it says, under a right mark, that the log began anew.
        var fault: String?
        var unchecked: Int64 = 0
        var trimmed: Set<String> = []
        var hasSeenNoted: Bool
    }

    /// Follows the marks from the first record to the last. With `noted`, which somebody wrote down earlier, that record
    /// must still be there: this is how one finds that the last records were cut off.
    func run(noted: AuditPlace? = nil) async throws -> Finding {
        let start = try await store.auditStart()
        var walk = Walk(place: start, hasSeenNoted: noted.map { $0.number <= start.number } ?? true)
        while true {
            let entries = try await store.entries(AuditQuery(), after: walk.place.number, limit: 1000)
            for entry in entries {
                if let fault = check(entry, noted, &walk) { return .tampered(fault) }
            }
            if entries.isEmpty { break }
        }
        if let fault = walk.fault { return .tampered(fault) }
        guard walk.hasSeenNoted else {
            return .tampered("the log ends at record \(walk.place.number): records after it were cut off")
        }
        // Where the log begins is only believed when the log says so itself, under a mark.
        guard
            start.number <= walk.unchecked || walk.trimmed.contains("\(start.number) \(start.mark.hexadecimal)")
        else {
            return .tampered("the records up to \(start.number) are gone, and no record says that they were removed")
        }
        return .sound(records: walk.records, end: walk.place, unchecked: walk.unchecked)
    }

    private func check(_ entry: AuditEntry, _ noted: AuditPlace?, _ walk: inout Walk) -> String? {
        guard entry.number == walk.place.number + 1 else {
            return "record \(walk.place.number + 1) is missing: the next one is \(entry.number)"
        }
        let isMarked = entry.mark.equalsInConstantTime(chain.mark(of: entry.record, after: walk.place))
        if isMarked {
            check(entry.record, &walk)
        } else if walk.fault == nil {
            walk.fault = "record \(entry.number) is not what was written, or the one before it is not"
        }
        if let noted, noted.number == entry.number {
            guard entry.mark.starts(with: noted.mark) else {
                return "record \(entry.number) is not the one that was noted"
            }
            walk.hasSeenNoted = true
        }
        walk.place = AuditPlace(number: entry.number, mark: entry.mark)
        walk.records += 1
        return nil
    }

    /// What a record with a right mark says about others.
    private func check(_ record: AuditRecord, _ walk: inout Walk) {
        switch AuditAct.Kind(rawValue: record.act) {
        case .trimmed:
            if let object = record.object { walk.trimmed.insert(object) }
        case .begunAnew:
            // Only who has the key of the log as it is now can have written this, at this place and behind that mark.
            (walk.fault, walk.unchecked, walk.records) = (nil, walk.place.number, 0)
        default: break
        }
    }
}
