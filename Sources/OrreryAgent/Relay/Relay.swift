import Glibc
package import OrreryLink
import OrreryWire

/// Carries bytes between proxies and the cluster: one thread with a loop over epoll, which keeps the control connections,
/// dials the data connections ahead, and relays what they are handed.
///
/// Concurrency: any thread may call it; all work is done on its own.
package final class Relay: Sendable {
    package let figures: RelayFigures
    private let mailbox: RelayMailbox
    private let thread: LoopThread

    /// Starts at once; proxies are dialled once `use` has named some.
    package init(_ setting: RelaySetting) throws(AgentError) {
        let mailbox: RelayMailbox
        do { mailbox = try RelayMailbox() } catch { throw .machine("no descriptor for the relay: \(error)") }
        guard let kernel = LinuxKernel() else { throw .machine("no descriptor or memory left for the relay") }
        let figures = RelayFigures()
        let box = LoopBox(RelayLoop(kernel, setting, mailbox, figures))
        self.mailbox = mailbox
        self.figures = figures
        thread = LoopThread { box.run() }
    }

    deinit {
        mailbox.post(.stop)
        thread.join()
    }

    /// Keeps connections to these proxies from now on, and to no other.
    package func use(_ places: [ProxyPlace]) { mailbox.post(.places(places)) }

    /// Sends a frame to one proxy, or to all; to one that has not welcomed us only what a stranger may say.
    package func send(_ frame: ControlFrame, to place: ProxyPlace? = nil) {
        mailbox.post(.send(frame.encode(), to: place))
    }

    /// Shows another key from now on; control connections are made anew with it.
    package func show(_ trust: LinkTrust) { mailbox.post(.trust(trust, isAnew: true)) }

    /// Believes others, or shows another key, on connections that are made from now on.
    package func believe(_ trust: LinkTrust) { mailbox.post(.trust(trust, isAnew: false)) }

    /// Takes nothing new. What runs goes on for at most `grace`; `.drained` is told at the end.
    package func drain(grace: Duration) { mailbox.post(.drain(grace)) }
}

/// The loop, on its way to its thread. A class because a noncopyable value cannot be captured.
///
/// Concurrency: `run` is called once, by the thread; nothing else touches the loop.
private final class LoopBox: @unchecked Sendable {
    private var loop: RelayLoop
    init(_ loop: consuming RelayLoop) { self.loop = loop }
    func run() { loop.run() }
}
