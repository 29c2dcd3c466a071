import Foundation
import OrreryModel

@testable import OrreryPocket

/// The life of a pod on a real node, as it was recorded: what was created, each state a watcher saw, and the events.
struct Recording {
    let pod: JSON
    let states: [PodState]
    /// When each of the states came, in seconds from the beginning.
    let times: [Double]
    let events: [String]

    /// Nil where the recordings are not at hand.
    init?(_ name: String) throws {
        let path = "\(Self.directory)/kubelet-\(name).json"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let recording = try JSON(parsing: FileBytes.read(path))
        let exchanges = recording["exchanges"]?.array ?? []
        func bodies(_ method: String, _ part: String) -> [JSON] {
            exchanges.filter {
                $0["request"]?["method"]?.string == method && $0["request"]?["path"]?.string?.contains(part) == true
            }
        }
        let creation = bodies("POST", "/pods").first?["request"]?["body"]?.string ?? ""
        pod = try JSON(parsing: Array(creation.utf8))
        let lines = bodies("GET", "/pods?watch").first?["response"]?["lines"]?.array ?? []
        let changes = try lines.map { line in
            let change = try JSON(parsing: Array((line.array?[1].string ?? "").utf8))
            return PodState(change["object"] ?? [:], isGone: change["type"]?.string == "DELETED")
        }
        states = PodState.distinct(changes)
        times = changes.indices.filter { $0 == 0 || changes[$0] != changes[$0 - 1] }
            .map { lines[$0].array?[0].number ?? 0 }
        let list = bodies("GET", "/events").first?["response"]?["body"]?.string ?? "{}"
        events = (try JSON(parsing: Array(list.utf8))["items"]?.array ?? []).map {
            "\($0["reason"]?.string ?? ""): \($0["message"]?.string ?? "")"
        }
    }

    static let directory: String = {
        let own = ProcessInfo.processInfo.environment["ORRERY_SHARED"]
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().pathComponents.dropLast(4)
        return (own ?? "\(root.joined(separator: "/").dropFirst())/../shared") + "/kubernetes/recorded"
    }()

    static var isPresent: Bool { FileManager.default.fileExists(atPath: directory) }
}

/// One state of a pod as far as it has to agree with a real node's: everything but times, names and addresses.
struct PodState: Equatable, CustomStringConvertible {
    let lines: [String]
    let grace: Int64?
    let isOver: Bool

    init(_ pod: JSON, isGone: Bool) {
        grace = pod["metadata"]?["deletionGracePeriodSeconds"]?.integer
        let status = pod["status"] ?? [:]
        let phase = status["phase"]?.string ?? ""
        isOver = phase == "Succeeded" || phase == "Failed"
        var lines = ["\(isGone ? "gone" : "there") \(phase) \(status["reason"]?.string ?? "")"]
        lines.append("node \(pod["spec"]?["nodeName"] != nil) address \(status["podIP"] != nil)")
        if let grace { lines.append("deleted with \(grace)") }
        for condition in status["conditions"]?.array ?? [] {
            let words = ["type", "status", "reason", "message"].compactMap { condition[$0]?.string }
            lines.append(words.joined(separator: " "))
        }
        for list in ["initContainerStatuses", "containerStatuses"] {
            lines += (status[list]?.array ?? []).map(Self.line)
        }
        self.lines = lines
    }

    private static func line(_ container: JSON) -> String {
        func words(_ state: JSON?) -> String {
            let names = (state?.object ?? [:]).keys.sorted().joined()
            let content = state?[names]
            let code = content?["exitCode"]?.integer.map { " \($0)" } ?? ""
            return "\(names) \(content?["reason"]?.string ?? "")\(code)"
        }
        let flags = "ready \(container["ready"]?.bool == true) started \(container["started"]?.bool == true)"
        let past = "restarts \(container["restartCount"]?.integer ?? -1) last \(words(container["lastState"]))"
        return "\(container["name"]?.string ?? "") \(words(container["state"])) \(flags) \(past)"
    }

    var description: String { lines.joined(separator: "\n    ") }

    static func distinct(_ states: [PodState]) -> [PodState] {
        states.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }
}
