import FoundationEssentials
import OrreryModel

/// One line of a watch.
package enum WatchEvent<Object: KubernetesObject>: Sendable {
    case added(Object)
    case modified(Object)
    case deleted(Object)
    /// Nothing happened up to this version; a later watch may begin there.
    case bookmark(resourceVersion: String)
    /// The server ends the watch, and why. 410 means that it must begin again from a list.
    case error(KubernetesError.Refused)
    /// A line whose object could not be understood; `about` is what could be read of it.
    case unreadable(String, about: ObjectMeta?)
    /// A kind of line that is not known; the next ones may well be.
    case unknown(String)
}

extension WatchEvent {
    /// Understands one line. Never fails: a line that is no event is an unreadable one, and the watch goes on.
    init(line: [UInt8]) {
        if let told = try? Self.told(line) {
            self = told
            return
        }
        do {
            self = try Self.decoded(line)
        } catch {
            let named = try? JSONDecoder().decode(NamedLine.self, from: Data(line))
            self = .unreadable("\(error)".shortened(to: Quoted.most), about: named?.object.metadata)
        }
    }

    static func decoded(_ line: [UInt8]) throws -> WatchEvent {
        try JSONDecoder.amongMany.decode(Line.self, from: Data(line)).event
    }

    // A spawn makes a dozen lines, which the decoder takes ten times as long for. Whatever is not as expected is left to it.
    static func told(_ line: [UInt8]) throws(JSONReader.Offence) -> WatchEvent? {
        var reader = JSONReader(line)
        var (type, object): (String?, Object?)
        try reader.members { name, reader throws(JSONReader.Offence) in
            switch name {
            case "type": type = try reader.string()
            case "object" where type.map(isAboutObject) ?? false: object = try Object.told(&reader)
            default: try reader.skip()
            }
        }
        try reader.end()
        guard let object else { return nil }
        switch type {
        case "ADDED": return .added(object)
        case "MODIFIED": return .modified(object)
        case "DELETED": return .deleted(object)
        default: return nil
        }
    }

    private static func isAboutObject(_ type: String) -> Bool {
        type == "ADDED" || type == "MODIFIED" || type == "DELETED"
    }

    private struct NamedLine: Decodable {
        let object: Named
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
                event =
                    version.map { .bookmark(resourceVersion: $0) }
                    ?? .unreadable("a bookmark without a version", about: nil)
            case "ERROR":
                let status = try line.decode(ClusterStatus.self, forKey: .object)
                event = .error(
                    KubernetesError.Refused(
                        code: status.code ?? 500, reason: status.reason, message: status.message ?? "no explanation",
                        causes: status.details?.causes ?? []))
            default: event = .unknown(type)
            }
        }
    }
}
