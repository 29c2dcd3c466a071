internal import Glibc
internal import OrreryModel

/// Whole files, read and written with the system's own calls: `/proc` has no sizes, and a record that is replaced must
/// never be seen half.
enum FileBytes {
    /// The content of the file at `path`, at most `limit` bytes from `offset` on.
    static func read(_ path: String, from offset: Int = 0, limit: Int = .max) throws(PocketError) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .state("\(path) cannot be read: \(systemReason())") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        var position = offset
        while bytes.count < limit {
            let wanted = min(chunk.count, limit - bytes.count)
            let count = unsafe pread(file, &chunk, wanted, position)
            guard count >= 0 else { throw .state("\(path) cannot be read: \(systemReason())") }
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
            position += count
        }
        return bytes
    }

    /// Puts `bytes` in place of the file at `path` in one move, readable for its owner alone unless `mode` says more.
    static func replace(_ path: String, with bytes: [UInt8], mode: mode_t = 0o600) throws(PocketError) {
        let new = path + ".new"
        unsafe unlink(new)
        let file = unsafe open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw .state("\(new) cannot be made: \(systemReason())") }
        defer { close(file) }
        // The mode given to `open` is narrowed by the umask; the one asked for is meant exactly.
        fchmod(file, mode)
        try write(bytes, to: file, path: new)
        guard unsafe rename(new, path) == 0 else { throw .state("\(path) cannot be replaced: \(systemReason())") }
    }

    static func append(_ bytes: [UInt8], to path: String) throws(PocketError) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .state("\(path) cannot be made: \(systemReason())") }
        defer { close(file) }
        try write(bytes, to: file, path: path)
    }

    private static func write(_ bytes: [UInt8], to file: CInt, path: String) throws(PocketError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { throw .state("\(path) cannot be written: \(systemReason())") }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    /// Makes the directory and those above it that are missing.
    static func makeDirectory(_ path: String, mode: mode_t = 0o700) throws(PocketError) {
        if unsafe mkdir(path, mode) == 0 {
            unsafe chmod(path, mode)
            return
        }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeDirectory(String(path[..<slash]), mode: mode)
            guard unsafe mkdir(path, mode) != 0 else { return }
        }
        guard errno == EEXIST else { throw .state("\(path) cannot be made: \(systemReason())") }
    }

    /// The length of a file; 0 when there is none.
    static func size(of path: String) -> Int {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    static func isDirectory(_ path: String) -> Bool { kind(of: path) == S_IFDIR }

    static func exists(_ path: String) -> Bool { kind(of: path) != nil }

    /// The type bits of what `path` leads to, symbolic links followed; nil when it leads nowhere.
    static func kind(of path: String) -> mode_t? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return status.st_mode & S_IFMT
    }

    /// The names in a directory, in order; none when it cannot be read.
    static func names(in path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Gives blocks in the middle of a file back to the file system; the file keeps its length. Does nothing where the
    /// file system cannot.
    static func punch(_ file: CInt, from start: Int, length: Int) {
        // The system's module exports neither `fallocate` nor its modes, FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE.
        typealias Allocate = @convention(c) (CInt, CInt, Int, Int) -> CInt
        guard let own = unsafe dlopen(nil, RTLD_NOW) else { return }
        defer { unsafe dlclose(own) }
        guard let symbol = unsafe dlsym(own, "fallocate") else { return }
        // The signature of fallocate(2) where `off_t` has 64 bits, as on every Linux that Swift runs on.
        _ = unsafe unsafeBitCast(symbol, to: Allocate.self)(file, 1 | 2, start, length)
    }

    /// Removes `path` and all below it, following no symbolic link.
    static func remove(_ path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            unsafe unlink(path)
            return
        }
        for name in names(in: path) { remove("\(path)/\(name)") }
        unsafe rmdir(path)
    }
}
