import CCurl
import Glibc
import Synchronization

/// The thread that owns the libcurl multi handle.
///
/// Concurrency: the multi handle, the easy handles and `active` belong to the thread. Other threads leave commands in a
/// mailbox and ring its bell; they call nothing of libcurl's.
final class FetchLoop: Sendable {
    enum Command {
        case begin(Transfer)
        case unpause(Transfer)
        case drop(Transfer)
        case stop
    }

    private struct Mailbox {
        var commands: [Command] = []
        var hasEnded = false
    }

    private let mailbox = Mutex(Mailbox())
    private let bell = Bell()

    private static let isLibraryReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private init() {}

    static func start() -> FetchLoop {
        precondition(isLibraryReady, "libcurl could not be initialised: no memory, or no random numbers for TLS")
        let loop = FetchLoop()
        // The thread holds the loop until it ends; the box is released in the thread's first line.
        let box = unsafe Unmanaged.passRetained(loop).toOpaque()
        var thread = pthread_t()
        let code = unsafe pthread_create(&thread, nil, runFetchLoop, box)
        precondition(code == 0, "no thread for outbound requests: the system's limit of threads is reached")
        pthread_detach(thread)
        return loop
    }

    func begin(_ transfer: Transfer) -> TransferLease {
        let lease = TransferLease(transfer, on: self)
        submit(.begin(transfer))
        return lease
    }

    func stop() { submit(.stop) }

    func submit(_ command: Command) {
        let isGone = mailbox.withLock { mailbox in
            guard !mailbox.hasEnded else { return true }
            mailbox.commands.append(command)
            // Once is enough for all that is in the mailbox.
            if mailbox.commands.count == 1 { bell.ring() }
            return false
        }
        if isGone, case .begin(let transfer) = command { transfer.finish(transfer.cancelled) }
    }

    fileprivate func takeCommands() -> [Command] {
        mailbox.withLock { mailbox in
            defer { mailbox.commands = [] }
            return mailbox.commands
        }
    }

    /// Runs on the loop's own thread until somebody stops it.
    fileprivate func run() {
        var worker = FetchWorker(bell)
        while worker.obey(takeCommands()) { worker.turn() }
        let left = mailbox.withLock { mailbox in
            mailbox.hasEnded = true
            return mailbox.commands
        }
        _ = worker.obey(left)
        worker.close()
    }
}

private func runFetchLoop(_ box: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let box = unsafe box else { return nil }
    // libcurl was told to leave signals alone, so a write to a closed connection must not end the process.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    unsafe Unmanaged<FetchLoop>.fromOpaque(box).takeRetainedValue().run()
    return nil
}
