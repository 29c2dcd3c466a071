import Glibc

extension KeyFile {
    /// Makes the file with one key, of the number `first`, unless there is a file. Of several programs that do so at once
    /// one makes it.
    func make(first: UInt32) throws(CryptoError) {
        let fresh = "\(path).\(RandomToken.make(bytes: 8))"
        let descriptor = try create(fresh)
        defer { abandon(descriptor, fresh) }
        try write([.fresh(id: first)], to: descriptor)
        // A link, not a rename: a file that is there already stays.
        guard unsafe link(fresh, path) == 0 || errno == EEXIST else {
            throw refusal("cannot be made: \(Self.words(errno))")
        }
        try syncDirectory()
    }

    /// Puts the keys that `change` makes of those that are there in their place: all of it, or with an error nothing.
    /// Whoever reads meanwhile finds the old ones or the new ones. Refuses while another change is under way.
    func change(_ change: ([SealingKey]) throws(CryptoError) -> [SealingKey]) throws(CryptoError) {
        // Made before the keys are read: it is also what keeps a second program from changing them meanwhile.
        let fresh = "\(path).new"
        let descriptor = try create(fresh)
        defer { abandon(descriptor, fresh) }
        guard let (keys, _) = try read() else { throw refusal("is missing") }
        try write(try change(keys), to: descriptor)
        guard unsafe rename(fresh, path) == 0 else { throw refusal("cannot be replaced: \(Self.words(errno))") }
        try syncDirectory()
    }

    private func create(_ fresh: String) throws(CryptoError) -> CInt {
        // The path is passed as a C string that outlives the call, here and below.
        let descriptor = unsafe open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 { return descriptor }
        throw errno == EEXIST
            ? refusal("is being changed by another program; if none runs, remove \(fresh)")
            : refusal("cannot be written: \(Self.words(errno))")
    }

    /// Closes a file and takes its name away, which it has no longer after a rename.
    private func abandon(_ descriptor: CInt, _ name: String) {
        close(descriptor)
        _ = unsafe unlink(name)
    }

    private func write(_ keys: [SealingKey], to descriptor: CInt) throws(CryptoError) {
        let text = Array(Self.text(keys).utf8)
        // One write: a regular file takes so little at once, or its disk is full.
        guard unsafe Glibc.write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0 else {
            throw refusal("cannot be written: \(Self.words(errno))")
        }
    }

    private static func text(_ keys: [SealingKey]) -> String {
        let lines = keys.sorted { $0.id < $1.id }.map { "\($0.id) \(Base64URL.encode($0.bytes))\n" }
        return "# Keys of this hub's stored secrets. Without them what they sealed is lost.\n" + lines.joined()
    }

    /// Makes the new name itself survive a loss of power.
    private func syncDirectory() throws(CryptoError) {
        let end = path.lastIndex(of: "/")
        let directory = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw refusal("cannot be made safe: \(Self.words(errno))")
        }
    }
}
