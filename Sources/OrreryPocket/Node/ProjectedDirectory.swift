internal import Foundation
internal import Glibc

/// The directory of a volume that is made from objects, laid out as a kubelet does it: the files lie in a directory with a
/// fresh name, the link `..data` leads there, and every name that people see is a link through `..data`. All files change in
/// one move, the exchange of that link, so a reader finds either the old ones or the new ones and never half a file.
struct ProjectedDirectory {
    let path: String

    private static let data = "..data"

    /// Whether it shows exactly these files, by name and content.
    func shows(_ files: [ProjectedFiles.File]) -> Bool {
        let names = FileBytes.names(in: path).filter { !$0.hasPrefix("..") }
        guard Set(names) == Set(files.map(\.top)), SymbolicLink.target(of: "\(path)/\(Self.data)") != nil else {
            return false
        }
        return files.allSatisfy { file in
            (try? FileBytes.read("\(path)/\(Self.data)/\(file.path)", limit: file.content.count + 1)) == file.content
        }
    }

    /// Shows `files` from now on. They belong to root, and to `group` when there is one.
    func show(_ files: [ProjectedFiles.File], defaultMode: Int64?, group: gid_t?) throws(PocketError) {
        try FileBytes.makeDirectory(path, mode: 0o755)
        let fresh = "..\(UUID().uuidString.lowercased())"
        try FileBytes.makeDirectory("\(path)/\(fresh)", mode: 0o755)
        for file in files { try write(file, to: "\(path)/\(fresh)", defaultMode: defaultMode, group: group) }
        try link(Self.data, to: fresh)
        let names = Set(files.map(\.top))
        for name in names where SymbolicLink.target(of: "\(path)/\(name)") != "\(Self.data)/\(name)" {
            FileBytes.remove("\(path)/\(name)")
            try link(name, to: "\(Self.data)/\(name)")
        }
        for old in FileBytes.names(in: path) where old != fresh && old != Self.data && !names.contains(old) {
            FileBytes.remove("\(path)/\(old)")
        }
    }

    private func write(
        _ file: ProjectedFiles.File, to directory: String, defaultMode: Int64?, group: gid_t?
    ) throws(PocketError) {
        guard !file.path.hasPrefix(".."), !file.path.split(separator: "/").contains(".."), !file.path.hasPrefix("/")
        else { throw .configuration("\(file.path) leads out of the volume") }
        let target = "\(directory)/\(file.path)"
        if let slash = target.lastIndex(of: "/") {
            try FileBytes.makeDirectory(String(target[..<slash]), mode: 0o755)
        }
        // The file group must be able to read what the pod was given for it.
        let mode = mode_t((file.mode ?? defaultMode ?? 0o644) & 0o777) | (group == nil ? 0 : 0o040)
        try FileBytes.replace(target, with: file.content, mode: mode)
        if let group { unsafe chown(target, uid_t.max, group) }
    }

    /// Makes the link `name`, or exchanges it in one move.
    private func link(_ name: String, to target: String) throws(PocketError) {
        let new = "\(path)/..new"
        unsafe unlink(new)
        guard unsafe symlink(target, new) == 0, unsafe rename(new, "\(path)/\(name)") == 0 else {
            throw .state("\(path)/\(name) cannot be made: \(systemReason())")
        }
    }
}

extension ProjectedFiles.File {
    /// The first name of the path: what is seen in the volume itself.
    fileprivate var top: String { path.split(separator: "/").first.map(String.init) ?? path }
}
