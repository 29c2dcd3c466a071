internal import Foundation
internal import Glibc
internal import OrreryModel

/// The file in which the objects survive: one line per write, `{"version", "kind", "namespace", "name", "object"}`,
/// without `object` for a removal. Lines are handed to the kernel before the write is answered, so they outlive
/// pocket's own end; a line that a crash cut in the middle is the last one and is dropped.
struct Journal {
    private let path: String
    private var file: FileHandle
    private var size: Int
    private var sizeAtRewrite: Int

    struct Kept {
        var objects: [Kind: [ObjectStore.Key: JSON]] = [:]
        var version: Int64 = 0
    }

    /// Begins the journal at `path` with what was `kept` in it.
    init(path: String, kept: Kept) throws(PocketError) {
        self.path = path
        (file, size) = try Self.write(kept.objects, version: kept.version, to: path)
        sizeAtRewrite = size
    }

    /// Whether a rewrite would make the file much smaller: beyond 16 MiB and four times what was alive.
    var isMostlyPast: Bool { size > max(16 << 20, 4 * sizeAtRewrite) }

    mutating func append(_ object: JSON?, as key: ObjectStore.Key, version: Int64) throws(PocketError) {
        let line = Self.line(object, as: key, version: version)
        do {
            try file.write(contentsOf: line)
        } catch {
            throw .state("\(path) cannot be written: \(error.localizedDescription)")
        }
        size += line.count
    }

    mutating func rewrite(_ objects: [Kind: [ObjectStore.Key: JSON]], version: Int64) throws(PocketError) {
        (file, size) = try Self.write(objects, version: version, to: path)
        sizeAtRewrite = size
    }

    /// What the journal at `path` keeps; nothing when there is none.
    static func read(path: String) throws(PocketError) -> Kept {
        guard FileManager.default.fileExists(atPath: path) else { return Kept() }
        guard let data = FileManager.default.contents(atPath: path) else { throw .state("\(path) cannot be read") }
        var kept = Kept()
        let lines = data.split(separator: UInt8(ascii: "\n"))
        for (index, line) in lines.enumerated() {
            guard let entry = try? JSON(parsing: Array(line)), let version = entry["version"]?.integer else {
                if index == lines.count - 1 { break }
                throw .state("\(path): line \(index + 1) is damaged; move the file away to begin with no objects")
            }
            kept.version = max(kept.version, version)
            guard let kind = entry["kind"]?.string.flatMap(Kind.init(rawValue:)),
                let namespace = entry["namespace"]?.string, let name = entry["name"]?.string
            else { continue }
            let key = ObjectStore.Key(kind: kind, namespace: namespace, name: name)
            kept.objects[kind, default: [:]][key] = entry["object"]
        }
        return kept
    }

    /// Puts a file with only what is alive in place of the old one, which stays until the new one is complete.
    private static func write(
        _ objects: [Kind: [ObjectStore.Key: JSON]], version: Int64, to path: String
    ) throws(PocketError) -> (FileHandle, size: Int) {
        var bytes = line(nil, as: nil, version: version)
        for (key, object) in objects.values.joined() { bytes += line(object, as: key, version: version) }
        let new = path + ".new"
        do {
            guard FileManager.default.createFile(atPath: new, contents: nil, attributes: [.posixPermissions: 0o600]),
                let file = FileHandle(forWritingAtPath: new)
            else { throw PocketError.state("\(new) cannot be made") }
            try file.write(contentsOf: bytes)
            try file.synchronize()
            guard unsafe rename(new, path) == 0 else { throw PocketError.state("\(new) cannot be renamed") }
            return (file, bytes.count)
        } catch let error as PocketError {
            throw error
        } catch {
            throw .state("\(new) cannot be written: \(error.localizedDescription)")
        }
    }

    private static func line(_ object: JSON?, as key: ObjectStore.Key?, version: Int64) -> Data {
        var line: JSON = ["version": .integer(version)]
        if let key {
            line["kind"] = .string(key.kind.rawValue)
            line["namespace"] = .string(key.namespace)
            line["name"] = .string(key.name)
        }
        line["object"] = object
        return Data((line.text + "\n").utf8)
    }
}
