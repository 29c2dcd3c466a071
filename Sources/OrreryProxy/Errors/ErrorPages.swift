internal import Glibc
internal import OrreryWire
internal import Synchronization

/// The pages of a directory: `404.html` for 404 and so on, and `error.html` for every other error. They are read again
/// when they change; a page that cannot be read is one that is not there.
///
/// Concurrency: any thread may call anything. `refresh` reads files and so may block.
final class ErrorPages: Sendable {
    let directory: String
    private let pages: Mutex<Pages>
    /// Larger pages are not taken: each is held in memory, and sent at once.
    static let limit = 64 << 10
    private static let statuses = [400, 403, 404, 405, 408, 413, 414, 417, 431, 500, 501, 502, 503, 504, 505]

    private struct Pages {
        var byStatus: [Int: [UInt8]] = [:]
        var other: [UInt8]?
        var stamps: [Stamp] = []
    }

    /// What tells whether a file has changed.
    private struct Stamp: Equatable {
        var size: Int
        var seconds: Int
        var nanoseconds: Int
        var inode: UInt
    }

    /// Reads the pages that are there. The directory may come later, but nothing else may have its name.
    init(directory: String) throws(ProxyError) {
        self.directory = directory
        pages = Mutex(Pages())
        var status = stat()
        let code = unsafe stat(directory, &status) == 0 ? (status.st_mode & S_IFMT == S_IFDIR ? 0 : ENOTDIR) : errno
        guard code == 0 || code == ENOENT else { throw .errorDirectory(directory, SystemError(number: code)) }
        refresh()
    }

    /// Whether there is any page at all.
    var isEmpty: Bool { pages.withLock { $0.byStatus.isEmpty && $0.other == nil } }

    /// The page for `status`, at most `limit` bytes; nil when there is none.
    func page(_ status: Int) -> [UInt8]? { pages.withLock { $0.byStatus[status] ?? $0.other } }

    /// Reads what has changed since it was read last.
    func refresh() {
        let names = Self.statuses.map { "\($0).html" } + ["error.html"]
        let stamps = names.map { stamp(of: $0) }
        guard stamps != pages.withLock({ $0.stamps }) else { return }
        var fresh = Pages(stamps: stamps)
        for status in Self.statuses { fresh.byStatus[status] = read("\(status).html") }
        fresh.other = read("error.html")
        pages.withLock { $0 = fresh }
    }

    private func stamp(of name: String) -> Stamp {
        var status = stat()
        guard unsafe stat("\(directory)/\(name)", &status) == 0 else {
            return Stamp(size: -1, seconds: 0, nanoseconds: 0, inode: 0)
        }
        return Stamp(
            size: Int(status.st_size), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec,
            inode: UInt(status.st_ino))
    }

    private func read(_ name: String) -> [UInt8]? {
        let file = unsafe open("\(directory)/\(name)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { _ = close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.limit + 1)
        var count = 0
        while count < bytes.count {
            let got = unsafe bytes.withUnsafeMutableBytes { memory in
                // Inside the array: `count` is below its length.
                unsafe Glibc.read(file, memory.baseAddress.map { unsafe $0 + count }, memory.count - count)
            }
            guard got >= 0 else { return nil }
            guard got > 0 else { return Array(bytes.prefix(count)) }
            count += got
        }
        return nil
    }
}
