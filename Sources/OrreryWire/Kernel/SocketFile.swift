internal import CLinux
internal import Glibc

/// The file that leads to a listening socket of this process. It goes when this goes, unless it leads to somebody else by
/// then.
package final class SocketFile: Sendable {
    private let path: String
    private let identity: Identity?

    fileprivate struct Identity: Equatable {
        let device: UInt64
        let file: UInt64

        /// Which file is there; nil when there is none, or it is no socket.
        init?(_ path: String) {
            var status = stat()
            guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
            (device, file) = (UInt64(status.st_dev), UInt64(status.st_ino))
        }
    }

    /// The file at `path`, where this process has just begun to listen.
    package init(path: String) {
        self.path = path
        identity = Identity(path)
    }

    deinit { remove() }

    /// Removes the file. Connections that are open or wait go on.
    package func remove() {
        if identity != nil, Identity(path) == identity { _ = unsafe unlink(path) }
    }
}

extension Descriptor {
    /// A listening socket at `path` that does not block, with the permissions that the process's umask leaves.
    ///
    /// A socket there at which nobody listens any more is replaced; with `replaces` one at which somebody listens, too.
    /// That happens in one step: whoever connects meanwhile finds the old one or the new one.
    package static func listener(path: String, replaces: Bool) throws(SystemError) -> Descriptor {
        var number = replaces ? -EADDRINUSE : listen(path)
        if number == -EADDRINUSE, replaces || isLeftBehind(path) {
            let other = "\(path).\(getpid())"
            number = listen(other)
            if number >= 0, unsafe rename(other, path) != 0 {
                let code = errno
                _ = close(number)
                _ = unsafe unlink(other)
                number = -code
            }
        }
        guard number >= 0 else { throw SystemError(number: -number) }
        return Descriptor(owning: number)
    }

    private static func listen(_ path: String) -> CInt {
        unsafe path.withCString { unsafe linux_listen_unix($0, path.utf8.count, 4096) }
    }

    /// Whether a socket is there at which nobody listens. Files of every other kind are left alone.
    private static func isLeftBehind(_ path: String) -> Bool {
        guard SocketFile.Identity(path) != nil else { return false }
        let number = unsafe path.withCString { unsafe linux_connect_unix($0, path.utf8.count) }
        if number >= 0 { _ = close(number) }
        return number == -ECONNREFUSED
    }
}
