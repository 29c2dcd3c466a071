import Foundation
import OrreryModel
import OrreryStore

/// What happens to a session as the JupyterHub contract tells it: `data: {"progress": 30, "message": "…"}`, and at the
/// end `ready` with the address or `failed`.
enum ContractProgress {
    static func event(_ event: SessionEventRecord, prefix: String) -> String {
        var data: JSON = ["progress": .integer(percent(event.state)), "message": .string(event.message)]
        switch event.state {
        case .ready:
            data["ready"] = true
            data["url"] = .string(prefix)
            data["html_message"] = .string("<a href=\"\(prefix)\">\(prefix)</a>")
        case .ended, .stopping:
            data["failed"] = true
        default:
            break
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // JSON without raw line breaks and made of strings, numbers and truth values alone: it always encodes.
        let text = (try? encoder.encode(data)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        return "data: \(text)\n\n"
    }

    /// How far along a state is. The contract wants a number; only their order means anything.
    private static func percent(_ state: SessionState) -> Int64 {
        switch state {
        case .queued: 0
        case .creating: 10
        case .scheduled: 20
        case .volumes: 30
        case .image: 50
        case .starting: 70
        case .answering: 90
        case .ready, .unreachable, .stopping, .ended: 100
        }
    }
}
