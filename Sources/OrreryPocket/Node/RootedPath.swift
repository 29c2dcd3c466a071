internal import Glibc
internal import OrreryModel

/// An open file or directory that closes itself.
struct Descriptor: ~Copyable {
    let number: CInt

    deinit { close(number) }

    /// Which file this is, whatever its name.
    var identity: FileIdentity? {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { return nil }
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    var mode: mode_t {
        var status = stat()
        return unsafe fstat(number, &status) == 0 ? status.st_mode : 0
    }
}

/// The device and inode of a file: equal exactly for the same file.
struct FileIdentity: Hashable, Codable, Sendable {
    let device: UInt64
    let inode: UInt64
}

/// Opens paths below a directory that somebody else may be changing meanwhile. Each component is opened without
/// following links and then looked at through its descriptor, so what was checked is what was opened.
struct RootedPath {
    enum Failure: Error, Equatable {
        case missing(String)
        case leaves(String)
        case system(String, CInt)
    }

    enum Links {
        /// A link or `..` that leads out of the directory is refused.
        case beneath
        /// The directory is taken as the root: absolute links begin at it, and `..` of it is itself.
        case inRoot
    }

    let root: String
    var links = Links.beneath

    /// Opens `path`. Missing components are made as directories with `creating` as their mode when it is given.
    func open(_ path: String, creating mode: mode_t? = nil) throws(Failure) -> Descriptor {
        var names = components(of: path)
        var parents: [CInt] = unsafe [Glibc.open(root, Self.pathOnly | O_DIRECTORY | O_CLOEXEC)]
        defer { for parent in parents where parent >= 0 { close(parent) } }
        guard parents[0] >= 0 else { throw .missing(root) }
        var followed = 0
        while !names.isEmpty {
            let name = names.removeFirst()
            if name == ".." {
                guard parents.count > 1 || links == .inRoot else { throw .leaves(path) }
                if parents.count > 1 { close(parents.removeLast()) }
                continue
            }
            let file = try Self.step(into: name, of: parents[parents.count - 1], creating: mode)
            guard let target = Self.target(of: file) else {
                parents.append(file)
                continue
            }
            close(file)
            followed += 1
            guard followed <= 40 else { throw .system(path, ELOOP) }
            if target.hasPrefix("/") {
                guard links == .inRoot else { throw .leaves(path) }
                while parents.count > 1 { close(parents.removeLast()) }
            }
            names = components(of: target) + names
        }
        return Descriptor(number: parents.count == 1 ? dup(parents[0]) : parents.removeLast())
    }

    private func components(of path: String) -> [String] {
        path.split(separator: "/").map(String.init).filter { $0 != "." }
    }

    private static func step(into name: String, of parent: CInt, creating mode: mode_t?) throws(Failure) -> CInt {
        let flags = pathOnly | O_NOFOLLOW | O_CLOEXEC
        let file = unsafe openat(parent, name, flags)
        if file >= 0 { return file }
        guard errno == ENOENT else { throw .system(name, errno) }
        guard let mode else { throw .missing(name) }
        guard unsafe mkdirat(parent, name, mode & 0o7777) == 0 || errno == EEXIST else { throw .system(name, errno) }
        let made = unsafe openat(parent, name, flags)
        guard made >= 0 else { throw .system(name, errno) }
        // Exactly this mode, whatever the umask. An O_PATH descriptor is changed through its name in /proc only.
        unsafe chmod("/proc/self/fd/\(made)", mode & 0o7777)
        return made
    }

    /// Where the symbolic link behind `file` points to; nil when it is no link.
    private static func target(of file: CInt) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress else { return 0 }
            return unsafe readlinkat(file, "", start.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }

    // O_PATH of fcntl.h, which the system's module does not export.
    private static let pathOnly: CInt = 0o10000000
}
