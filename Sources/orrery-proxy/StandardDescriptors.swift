internal import Glibc

/// The first three descriptors. Whoever starts the proxy may have closed them, and the first sockets would then take their
/// numbers, so that the log would be written to somebody's connection.
enum StandardDescriptors {
    /// Opens those that are closed, on nothing.
    static func open() {
        for number in CInt(0)...2 where fcntl(number, F_GETFD) < 0 {
            // The lowest free number is given, which is this one.
            _ = unsafe Glibc.open("/dev/null", O_RDWR)
        }
    }
}
