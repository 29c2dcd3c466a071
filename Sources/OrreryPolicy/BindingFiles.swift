import Foundation
import OrreryDocument
import OrreryModel

/// The directory `clusters` of a policy. Files in it are called `NAME.yaml` after the cluster that they bind; others are not
/// read, and the name itself means nothing.
struct BindingFiles {
    private let folder: String

    init(directory: String) { folder = "\(directory)/clusters" }

    /// Every file, in alphabetical order; none where there is no directory.
    func names() throws(DocumentError) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
            switch (error as? CocoaError)?.code {
            case .fileReadNoSuchFile, .fileNoSuchFile: return []
            case .fileReadNoPermission: throw self.error("the directory cannot be read: permission is denied")
            default: throw self.error("the directory cannot be read")
            }
        }
    }

    static func isRead(_ file: String) -> Bool { file.hasSuffix(".yaml") }

    func path(of file: String) -> String { "\(folder)/\(file)" }

    func error(_ message: String) -> DocumentError {
        DocumentError(place: Place(file: folder, line: 1, column: 1), message: message)
    }

    /// What is to be done where `cluster` has no binding, though `bindings` have.
    func missing(_ cluster: String, among files: [String], of bindings: [String]) -> DocumentError {
        let near = nearestName(to: cluster, among: bindings).map { "; did you mean the cluster with `cluster: \($0)`?" }
        let stray = files.first { !Self.isRead($0) && $0.hasPrefix("\(cluster).") }
        return error(
            "the policy says nothing about the cluster `\(cluster)`: write \(path(of: "\(cluster).yaml"))"
                + (stray.map { " (\($0) is not read: its name has to end with .yaml)" } ?? near ?? ""))
    }

    /// What lies in the directory and hardly does what somebody meant by it, one sentence each.
    func warnings() throws(DocumentError) -> [String] {
        try names().filter { !$0.hasPrefix(".") }.compactMap { file in
            guard Self.isRead(file) else { return "\(path(of: file)) is not read: its name does not end with .yaml" }
            guard
                let cluster = try? DocumentNode.read(file: path(of: file)).entries().first(where: {
                    $0.key == "cluster"
                }),
                let name = try? cluster.value.string(), file != "\(name).yaml"
            else { return nil }
            return "\(path(of: file)) binds the cluster `\(name)`, not one of its own name"
        }
    }
}

extension Policy {
    /// What lies beside the documents in `directory` and is read otherwise than it looks, one sentence each.
    package static func warnings(directory: String) -> [String] {
        (try? BindingFiles(directory: directory).warnings()) ?? []
    }
}
