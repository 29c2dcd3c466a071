import CCurl
import Glibc
import Synchronization

/// The thread that owns the libcurl multi handle.
///
/// Concurrency: `multi`, the easy handles and `active` belong to the thread. Other threads leave commands in a mailbox
/// and wake it; `curl_multi_wakeup` is the one libcurl function they may call, and the mailbox's lock, held meanwhile,
/// keeps the handle alive for them.
final class FetchLoop: Sendable {
    enum Command {
        case begin(Transfer)
        case unpause(Transfer)
        case drop(Transfer)
        case stop
    }

    @safe private struct Mailbox {
        var commands: [Command] = []
        /// Nil once the thread has ended.
        nonisolated(unsafe) var multi: UnsafeMutableRawPointer?
    }

    private let mailbox: Mutex<Mailbox>

    private static let isLibraryReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private init(_ multi: UnsafeMutableRawPointer) {
        mailbox = unsafe Mutex(Mailbox(multi: multi))
    }

    static func start() -> FetchLoop {
        precondition(isLibraryReady, "libcurl could not be initialised: no memory, or no random numbers for TLS")
        guard let multi = unsafe curl_multi_init() else { fatalError("libcurl gave no multi handle: no memory") }
        let loop = unsafe FetchLoop(multi)
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
            guard let multi = unsafe mailbox.multi else { return true }
            mailbox.commands.append(command)
            // One wake-up is enough for all that is in the mailbox.
            if mailbox.commands.count == 1 { unsafe curl_multi_wakeup(multi) }
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
        guard let multi = unsafe mailbox.withLock({ unsafe $0.multi }) else { return }
        var worker = unsafe FetchWorker(multi)
        while worker.obey(takeCommands()) { worker.turn() }
        let left = mailbox.withLock { mailbox in
            unsafe mailbox.multi = nil
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
