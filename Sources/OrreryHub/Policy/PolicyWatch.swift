import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Has the policy read anew when its documents change, and at once on SIGHUP.
///
/// The files are looked at every two seconds. Some file systems that policies lie on, such as NFS and the volumes of
/// ConfigMaps, tell nobody about changes, so that waiting for word from the kernel would not do. Documents are read when two
/// looks in a row found the same: whoever writes several files is not read in the middle of it.
struct PolicyWatch: Service {
    let book: PolicyBook
    let directory: String
    /// The documents as they were found before those in force were read: what has changed since is read.
    let seen: [String: PolicyFiles.Mark]
    /// What counts from the next start only.
    var configuration: HubConfiguration.Source?
    var pause = Duration.seconds(2)
    var logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.look() }
                group.addTask { await self.listen() }
            }
        }
    }

    private func look() async {
        var watched = WatchedFiles(seen)
        while (try? await Task.sleep(for: pause)) != nil {
            if watched.haveSettled(PolicyFiles.marks(in: directory)) { book.reload() }
        }
    }

    private func listen() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) { reload() }
    }

    /// What somebody orders who has changed something: the policy is read, and of the rest they are told when it counts.
    func reload() {
        book.reload()
        guard let configuration, configuration.hasChanged else { return }
        logger.warning(
            "the configuration has changed since the hub started: that counts from its next start",
            metadata: ["file": "\(configuration.path)"])
    }
}

/// Decides when files that change are worth reading. Without a clock: whoever looks says what was found.
struct WatchedFiles {
    private var read: [String: PolicyFiles.Mark]
    private var last: [String: PolicyFiles.Mark]

    init(_ found: [String: PolicyFiles.Mark]) {
        read = found
        last = found
    }

    /// Whether the files differ from what was read and have not changed since the last look. They then count as read.
    mutating func haveSettled(_ found: [String: PolicyFiles.Mark]) -> Bool {
        defer { last = found }
        guard found == last, found != read else { return false }
        read = found
        return true
    }
}

/// What tells that a document of a policy is another one, without reading it.
enum PolicyFiles {
    struct Mark: Hashable {
        let changed: Date?
        let size: Int?
        /// Files that are replaced by others, as editors and ConfigMaps do, have another number.
        let number: Int?
    }

    /// By the path of every document in `directory`. Symbolic links are followed.
    static func marks(in directory: String) -> [String: Mark] {
        let manager = FileManager.default
        let clusters = (try? manager.contentsOfDirectory(atPath: "\(directory)/clusters")) ?? []
        let names =
            ["filesets.yaml", "profiles.yaml"] + clusters.filter { $0.hasSuffix(".yaml") }.map { "clusters/\($0)" }
        var marks: [String: Mark] = [:]
        for name in names {
            let path = URL(fileURLWithPath: "\(directory)/\(name)").resolvingSymlinksInPath().path
            guard let attributes = try? manager.attributesOfItem(atPath: path) else { continue }
            marks[name] = Mark(
                changed: attributes[.modificationDate] as? Date, size: attributes[.size] as? Int,
                number: attributes[.systemFileNumber] as? Int)
        }
        return marks
    }
}
