import Glibc

/// The file with the keys of stored secrets: one line per key, `NUMBER KEY` with the 32 bytes of the key in base64url.
/// Lines that are empty or start with `#` mean nothing. The key with the highest number is the newest.
struct KeyFile: Sendable {
    let path: String

    /// Tells one state of the file from another without reading it. A file that was replaced is another one.
    struct Mark: Hashable, Sendable {
        fileprivate let (device, inode, size): (UInt64, UInt64, Int64)
        fileprivate let (seconds, nanoseconds): (Int, Int)

        fileprivate init(_ status: stat) {
            (device, inode, size) = (UInt64(status.st_dev), UInt64(status.st_ino), Int64(status.st_size))
            (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        }
    }

    /// Nil when the file cannot be looked at.
    var mark: Mark? {
        var status = stat()
        // The path is passed as a C string that outlives the call.
        return unsafe stat(path, &status) == 0 ? Mark(status) : nil
    }

    /// The keys, the newest first, and the mark of the file that they were read from. Nil when there is no file. Refuses
    /// a file that anybody but its owner may read, and one with a line that is no key.
    func read() throws(CryptoError) -> (keys: [SealingKey], mark: Mark)? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw refusal("cannot be read: \(Self.words(errno))") }
            return nil
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw refusal("is not a file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw refusal(
                "can be read by others than its owner; take that away (chmod 600), and make new keys if they did")
        }
        return (try keys(in: try contents(of: descriptor)), Mark(status))
    }

    private func contents(of descriptor: CInt) throws(CryptoError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.limit + 1)
        var count = 0
        while count < bytes.count {
            // Inside the array: `count` is less than its length.
            let more = unsafe bytes.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            if more == 0 { return Array(bytes.prefix(count)) }
            if more < 0, errno != EINTR { throw refusal("cannot be read: \(Self.words(errno))") }
            count += max(0, more)
        }
        throw refusal("is longer than \(Self.limit) bytes: it is no file of keys")
    }

    private func keys(in bytes: [UInt8]) throws(CryptoError) -> [SealingKey] {
        var keys: [SealingKey] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty && line.first != UInt8(ascii: "#") {
            guard let key = Self.key(line) else {
                throw refusal("has a damaged line \(index + 1): a number, a space and 43 characters are wanted there")
            }
            guard !keys.contains(where: { $0.id == key.id }) else {
                throw refusal("has a second key \(key.id) in line \(index + 1)")
            }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw refusal("has no key in it") }
        return keys.sorted { $0.id > $1.id }
    }

    private static func key(_ line: ArraySlice<UInt8>) -> SealingKey? {
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 2, let id = UInt32(String(decoding: parts[0], as: UTF8.self)), id > 0,
            let bytes = Base64URL.decode(parts[1])
        else { return nil }
        return SealingKey(id: id, bytes: bytes)
    }

    /// Longer than a hundred keys.
    private static let limit = 16 << 10

    func refusal(_ what: String) -> CryptoError { CryptoError(.keyFile, "the key file \(path) \(what)") }

    static func words(_ reason: CInt) -> String {
        // The C library returns a terminated string, which is copied before any other call.
        unsafe String(cString: strerror(reason)).lowercased()
    }
}
