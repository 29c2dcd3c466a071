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
}
