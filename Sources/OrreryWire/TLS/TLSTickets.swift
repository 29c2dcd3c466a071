internal import COpenSSL
internal import Glibc
internal import Synchronization

/// The keys of session tickets: what a client was given to come back with, so that the next handshake is short.
///
/// A context is made anew when certificates are; these go on, so that tickets outlive a reload. A key makes tickets for
/// some hours, and reads them for as many more.
///
/// Concurrency: may be used by any thread. The lock is held for a copy, once in a handshake.
package final class TLSTickets: Sendable {
    /// How long a key makes tickets, and at most how old a ticket may be, in seconds.
    package static let period: UInt64 = 4 * 3600

    struct Key: Sendable {
        var name: [UInt8]
        var cipher: [UInt8]
        var mac: [UInt8]

        static func random() -> Key { Key(name: bytes(16), cipher: bytes(32), mac: bytes(32)) }

        private static func bytes(_ count: Int) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            let code = unsafe RAND_bytes(&bytes, CInt(count))
            precondition(code == 1, "OpenSSL gave no random bytes; tickets could be read by anybody")
            return bytes
        }
    }

    private struct Keys {
        var current = Key.random()
        var previous: Key?
        var changes: UInt64?
    }

    private let keys = Mutex(Keys())

    package init() {}

    /// Changes the key when its time is over. To be called now and then; `now` in milliseconds.
    package func rotate(now: UInt64) {
        keys.withLock { keys in
            guard let changes = keys.changes else { return keys.changes = now + Self.period * 1000 }
            guard now >= changes else { return }
            // After a long sleep the old key is too old altogether.
            keys.previous = now < changes + Self.period * 1000 ? keys.current : nil
            keys.current = .random()
            keys.changes = now + Self.period * 1000
        }
    }

    var current: Key { keys.withLock { $0.current } }

    /// The key of a ticket; `isCurrent` is false when the client should be given a new one.
    func key(named name: [UInt8]) -> (key: Key, isCurrent: Bool)? {
        keys.withLock { keys in
            if keys.current.name == name { return (keys.current, true) }
            if let previous = keys.previous, previous.name == name { return (previous, false) }
            return nil
        }
    }
}

extension TLSTickets {
    /// Prepares to make a ticket, or to read one. What OpenSSL wants to hear: 1 done, 2 done and renew it, 0 unknown, -1
    /// an error.
    @unsafe func prepare(
        name: UnsafeMutablePointer<UInt8>, iv: UnsafeMutablePointer<UInt8>, cipher: OpaquePointer, mac: OpaquePointer,
        makes: Bool
    ) -> CInt {
        // OpenSSL's: sixteen bytes each.
        let nameRoom = unsafe UnsafeMutableBufferPointer(start: name, count: 16)
        guard makes else {
            guard let (key, isCurrent) = unsafe key(named: Array(nameRoom)) else { return 0 }
            return unsafe setUp(key, iv, cipher, mac, makes: false) ? (isCurrent ? 1 : 2) : -1
        }
        let key = current
        _ = unsafe nameRoom.update(fromContentsOf: key.name)
        guard unsafe RAND_bytes(iv, 16) == 1 else { return -1 }
        return unsafe setUp(key, iv, cipher, mac, makes: true) ? 1 : -1
    }

    private func setUp(
        _ key: Key, _ iv: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer, _ mac: OpaquePointer, makes: Bool
    ) -> Bool {
        var key = key
        return unsafe orrery_ticket_set_up(cipher, mac, &key.cipher, &key.mac, iv, makes ? 1 : 0) == 1
    }
}
