import FoundationEssentials

/// One line of a watch.
package enum WatchEvent<Object: KubernetesObject>: Sendable {
    case added(Object)
    case modified(Object)
    case deleted(Object)
    /// Nothing happened up to this version; a later watch may begin there.
    case bookmark(resourceVersion: String)
    /// The server ends the watch, and why. 410 means that it must begin again from a list.
    case error(KubernetesError.Refused)
    /// A line whose object could not be understood, or of an unknown type.
    case unreadable(String)
}

extension WatchEvent {
    /// Understands one line. Never fails: a line that is no event is an unreadable one, and the watch goes on.
    init(line: [UInt8]) {
        do {
            self = try JSONDecoder().decode(Line.self, from: Data(line)).event
        } catch {
            self = .unreadable("\(error)")
        }
    }

    private struct Line: Decodable {
        let event: WatchEvent

        private enum Key: String, CodingKey { case type, object }

        private struct Bookmark: Decodable {
            let metadata: ListMeta
        }

        init(from decoder: any Decoder) throws {
            let line = try decoder.container(keyedBy: Key.self)
            let type = try line.decode(String.self, forKey: .type)
            switch type {
            case "ADDED": event = .added(try line.decode(Object.self, forKey: .object))
            case "MODIFIED": event = .modified(try line.decode(Object.self, forKey: .object))
            case "DELETED": event = .deleted(try line.decode(Object.self, forKey: .object))
            case "BOOKMARK":
                let version = try line.decode(Bookmark.self, forKey: .object).metadata.resourceVersion
                event = version.map { .bookmark(resourceVersion: $0) } ?? .unreadable("a bookmark without a version")
            case "ERROR":
                let status = try line.decode(ClusterStatus.self, forKey: .object)
                event = .error(
                    KubernetesError.Refused(
                        code: status.code ?? 500, reason: status.reason, message: status.message ?? "no explanation"))
            default: event = .unreadable("a watch event of the unknown type \(type)")
            }
        }
    }
}
