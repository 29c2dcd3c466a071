import FoundationEssentials
import OrreryModel

/// Names and times as sessions write them.
enum Words {
    /// `nb-ada-01j…`: at most 63 characters, because it becomes the pod's host name. Unique by the session's identifier;
    /// the person's part is for the eyes of administrators.
    static func podName(person: String, session: String) -> String {
        let name = person.lowercased().utf8.prefix(31).map { byte -> Character in
            let scalar = Unicode.Scalar(byte)
            return "abcdefghijklmnopqrstuvwxyz0123456789".unicodeScalars.contains(scalar) ? Character(scalar) : "-"
        }
        return "nb-\(String(name))-\(session)"
    }

    /// `/user/ada/` for the default server, `/user/ada/big/` for the one called `big`.
    static func prefix(person: String, server: String) -> String {
        let name = person.escapedForContract
        return server.isEmpty ? "/user/\(name)/" : "/user/\(name)/\(server.escapedForContract)/"
    }

    /// `12:31 UTC`.
    static func clock(_ instant: Date) -> String {
        let minutes = Int((instant.timeIntervalSince1970 / 60).rounded(.down)) % 1440
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(minutes / 60)):\(two(minutes % 60)) UTC"
    }

    /// What people with a session on the cluster read while nobody can reach it.
    static func unreachable(_ title: String, since instant: Date) -> String {
        "\(title) cannot be reached since \(clock(instant)). Nothing is stopped for that."
    }

    /// `90 s`, `50 min`, `12 h`, `7 days`: whole numbers, the largest unit that says it well.
    static func time(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3600) h"
        default: return "\(seconds / 86_400) days"
        }
    }

    /// `a`, `a and b`, `a, b and c`.
    static func list(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }
}
