import Synchronization

/// Seals what is stored and must not be read from a stolen database: AES-256-GCM under the newest key of a file, bound
/// to where it belongs. Every key of the file opens.
///
/// A key that is added to the file by another program seals from then on, without a restart.
///
/// Concurrency: safe from any task; copies are the same ring.
package struct KeyRing: Sendable {
    private let held: Held

    private final class Held: Sendable {
        let file: KeyFile
        let keys: Mutex<(keys: [SealingKey], mark: KeyFile.Mark)>

        init(_ file: KeyFile, _ keys: [SealingKey], _ mark: KeyFile.Mark) {
            self.file = file
            self.keys = Mutex((keys, mark))
        }
    }

    /// Reads the keys of the file at `path`. With `.keyFile`, refuses a file that is missing, that others can read, or
    /// that has a damaged line; the message names it.
    package init(file path: String) throws(CryptoError) {
        let file = KeyFile(path: path)
        guard let (keys, mark) = try file.read() else { throw file.refusal("is missing") }
        held = Held(file, keys, mark)
    }

    /// As above, and makes the file with one key, of the number `first`, readable by this account alone, when there is none.
    package init(fileMadeIfMissing path: String, first: UInt32 = 1) throws(CryptoError) {
        let file = KeyFile(path: path)
        if file.mark == nil { try file.make(first: first) }
        try self.init(file: path)
    }

    /// Whether no file can be seen at `path`. Nothing is made, or read.
    package static func isMissing(file path: String) -> Bool { KeyFile(path: path).mark == nil }

    /// Seals `plain`, at most 1 MiB. Only the same parts of `binding`, in the same order, open it: name the purpose first
    /// and then whose it is, so that no row of the store can stand in for another.
    package func seal(_ plain: [UInt8], for binding: [String]) throws(CryptoError) -> [UInt8] {
        guard plain.count <= Self.limit else {
            throw CryptoError(.sealed, "what is to be sealed is longer than \(Self.limit) bytes")
        }
        // A damaged file is no reason to forget a good key; who asks for `reload` is told.
        if held.file.mark != held.keys.withLock({ $0.mark }) { try? reload() }
        return newest.seal(plain, bound: Self.bytes(of: binding))
    }

    /// What `seal` sealed for `binding`. Refuses with `.sealed` what was sealed for something else or was changed, and
    /// what names a key that is not in the file.
    package func open(_ sealed: [UInt8], for binding: [String]) throws(CryptoError) -> [UInt8] {
        guard let id = SealingKey.id(of: sealed) else {
            throw CryptoError(.sealed, "a stored secret is too short to have been sealed")
        }
        if key(id) == nil { try reload() }
        guard let key = key(id) else {
            throw CryptoError(
                .sealed, "a stored secret was sealed with key \(id), which \(held.file.path) does not have")
        }
        guard let plain = key.open(sealed, bound: Self.bytes(of: binding)) else {
            throw CryptoError(.sealed, "a stored secret was changed or belongs elsewhere: key \(id) does not open it")
        }
        return plain
    }

    /// Reads the file again. With an error the keys stay what they were.
    package func reload() throws(CryptoError) {
        guard let (keys, mark) = try held.file.read() else { throw held.file.refusal("is missing") }
        held.keys.withLock { $0 = (keys, mark) }
    }

    /// The numbers of the keys, the newest first.
    package var ids: [UInt32] { held.keys.withLock { $0.keys.map(\.id) } }

    var file: KeyFile { held.file }

    private var newest: SealingKey { held.keys.withLock { $0.keys[0] } }

    private func key(_ id: UInt32) -> SealingKey? { held.keys.withLock { $0.keys.first { $0.id == id } } }

    private static let limit = 1 << 20

    /// The parts with their lengths in front: no two bindings have the same bytes.
    private static func bytes(of binding: [String]) -> [UInt8] {
        binding.reduce(into: Array("orrery-at-rest-1".utf8)) { bytes, part in
            let part = Array(part.utf8)
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: part.count >> (24 - 8 * $0)) } + part
        }
    }
}
