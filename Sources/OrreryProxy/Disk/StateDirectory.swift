internal import Glibc
internal import OrreryWire

/// A directory that belongs to one proxy alone for as long as it runs. Files in it are read whole and replaced whole:
/// whoever looks, and whatever happens, finds the old one or the new one.
///
/// Concurrency: any thread may read; one writes.
final class StateDirectory: Sendable {
    let path: String
    private let directory: Descriptor

    /// Opens the directory and makes it if it is missing, for this account alone. Its lock goes with the process.
    init(_ path: String) throws(ProxyError) {
        self.path = path
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw .stateDirectory(path, Self.error) }
        let number = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw .stateDirectory(path, Self.error) }
        directory = Descriptor(owning: number)
        guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
            throw errno == EWOULDBLOCK ? .stateDirectoryInUse(path) : .stateDirectory(path, Self.error)
        }
    }

    /// The bytes of the file `name`; nil when there is none.
    func read(_ name: String) throws(SystemError) -> [UInt8]? {
        let number = unsafe openat(directory.number, name, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.error
        }
        let file = Descriptor(owning: number)
        var about = stat()
        guard unsafe fstat(file.number, &about) == 0 else { throw Self.error }
        var bytes = [UInt8](repeating: 0, count: Int(about.st_size))
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { target in
                // Inside the array; `done` is below its count.
                unsafe Glibc.read(file.number, target.baseAddress.map { unsafe $0 + done }, target.count - done)
            }
            guard count >= 0 else { throw Self.error }
            guard count > 0 else { break }
            done += count
        }
        return Array(bytes.prefix(done))
    }

    /// Puts a file of these bytes in the place of `name`. Until the last step it has another name, and it is on the disk
    /// before it gets this one, so that no loss of power leaves half of it.
    func replace(_ name: String, with bytes: [UInt8]) throws(SystemError) {
        let fresh = "\(name).new"
        let number = unsafe openat(directory.number, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw Self.error }
        let file = Descriptor(owning: number)
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { source in
                // Inside the array; `done` is below its count.
                unsafe Glibc.write(file.number, source.baseAddress.map { unsafe $0 + done }, source.count - done)
            }
            guard count > 0 else { throw Self.error }
            done += count
        }
        guard fsync(file.number) == 0, unsafe renameat(directory.number, fresh, directory.number, name) == 0,
            fsync(directory.number) == 0
        else { throw Self.error }
    }

    /// Gives the file a name under which nobody reads it, which is returned, for whoever wants to see what became of it.
    func putAside(_ name: String) throws(SystemError) -> String {
        let aside = "\(name).damaged"
        guard unsafe renameat(directory.number, name, directory.number, aside) == 0 else { throw Self.error }
        return aside
    }

    private static var error: SystemError { SystemError(number: errno) }
}
