import OrreryModel

/// A full quota as an API server says it: `exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1`. It names
/// only the resources that are short.
struct QuotaRefusal {
    private let name: String
    private let requested: String
    private let used: String
    private let limited: String

    init?(_ message: String) {
        guard let start = message.firstRange(of: "exceeded quota: ") else { return nil }
        let rest = message[start.upperBound...]
        name = String(rest.prefix { $0 != "," })
        func part(_ word: String, until next: String?) -> String {
            guard let begin = rest.firstRange(of: word + ": ") else { return "" }
            let tail = rest[begin.upperBound...]
            let end = next.flatMap { tail.firstRange(of: ", \($0): ")?.lowerBound } ?? tail.endIndex
            return String(tail[..<end])
        }
        requested = part("requested", until: "used")
        used = part("used", until: "limited")
        limited = part("limited", until: nil)
    }

    /// Storage is given back by nobody's end: a quota of claims that is full stays full.
    var isOfStorage: Bool {
        amounts(requested).contains { name, _ in
            // That of a container's own files is given back with its pod.
            name.contains("claims") || name.contains("storage") && !name.contains("ephemeral-storage")
        }
    }

    func sentence(_ cluster: String) -> String {
        "\(cluster) is full: its quota \(name) allows \(limited), \(used) is taken, and this session asks for "
            + "\(requested)."
    }

    var shortage: QuotaShortage {
        let reason =
            isLasting
            ? "its quota \(name) allows \(limited) in all, and this session asks for \(requested)"
            : "its quota \(name) allows \(limited), and \(used) is taken"
        let kinds = Set(amounts(requested).map { QuotaShortage.Kind(resource: $0.name) })
        // Whoever does not say what is short, such as a site's own webhook, has room for nobody.
        return QuotaShortage(kinds: kinds.isEmpty ? [.sessions] : kinds, reason: reason, isLasting: isLasting)
    }

    private var isLasting: Bool {
        let limits = Dictionary(amounts(limited).map { ($0.name, $0.amount) }) { first, _ in first }
        return amounts(requested).contains { name, amount in
            guard let limit = limits[name] else { return false }
            return Self.exceeds(amount, limit)
        }
    }

    private func amounts(_ list: String) -> [(name: String, amount: String)] {
        list.split(separator: ",").compactMap { entry in
            let parts = entry.split(separator: "=", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
    }

    /// False also where one of them is not a quantity that this version understands: then time has to tell.
    private static func exceeds(_ amount: String, _ limit: String) -> Bool {
        if let amount = CPUCount(amount), let limit = CPUCount(limit) { return amount > limit }
        if let amount = ByteCount(amount), let limit = ByteCount(limit) { return amount > limit }
        return false
    }
}
