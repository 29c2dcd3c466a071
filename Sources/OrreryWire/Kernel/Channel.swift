internal import CLinux
internal import Glibc

/// Two ends between two threads that do not share their descriptors: a question goes one way, a connection comes back.
///
/// A worker has a table of descriptors of its own, in which what another thread opens does not exist; the kernel copies
/// a descriptor from one table to the other when it is sent along with a message (unix(7), SCM_RIGHTS).
package struct Channel: ~Copyable {
    /// Who asks: `Kernel.ask` and `takeHanded`.
    package let asking: Descriptor
    /// Who answers: `nextQuestion` and `hand`.
    package let answering: Descriptor

    package init() throws(SystemError) {
        var ends: (CInt, CInt) = (-1, -1)
        let code = unsafe withUnsafeMutableBytes(of: &ends) {
            // Two numbers side by side are an array of two.
            unsafe linux_channel($0.assumingMemoryBound(to: CInt.self).baseAddress)
        }
        guard code == 0 else { throw SystemError(number: -code) }
        asking = Descriptor(owning: ends.0)
        answering = Descriptor(owning: ends.1)
    }
}

/// What came to the answering end of a channel: what is asked for, and under which token; or a connection that is handed
/// over there.
package struct Question: ~Copyable {
    package let word: UInt64
    package let token: UInt64
    package var connection: Descriptor?
}

extension Descriptor {
    /// The next message at the answering end of a channel. Nil when there is none now.
    package borrowing func nextQuestion() -> Question? {
        var token: UInt64 = 0
        var word: UInt64 = 0
        var descriptor: CInt = -1
        guard unsafe linux_channel_receive(number, &token, &word, &descriptor) == 1 else { return nil }
        return Question(word: word, token: token, connection: descriptor < 0 ? nil : Descriptor(owning: descriptor))
    }

    /// Answers a question with a connection, or with none, and a word about it. The other thread gets a descriptor of its
    /// own, and ours is closed. False when the channel takes nothing now.
    package borrowing func hand(_ connection: consuming Descriptor?, word: UInt64 = 0, token: UInt64) -> Bool {
        switch consume connection {
        case .some(let connection): linux_channel_send(number, token, word, connection.number) == 0
        case .none: linux_channel_send(number, token, word, -1) == 0
        }
    }
}
