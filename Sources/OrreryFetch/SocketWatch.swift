import CCurl
import CLinux
import Glibc

/// Waits for the sockets and the moment that libcurl has named. Without being told which socket has news libcurl asks for
/// each by a call of its own, and a hub has two watches open at every cluster.
///
/// Concurrency: belongs to the loop's thread.
@safe final class SocketWatch {
    private let bell: Bell
    private let poll: CInt
    private let events: UnsafeMutablePointer<linux_events>
    private var watched: Set<curl_socket_t> = []
    private var deadline: ContinuousClock.Instant?

    init(_ bell: Bell) {
        self.bell = bell
        poll = linux_epoll_create()
        guard let events = unsafe linux_events_create(64), poll >= 0 else {
            fatalError("no way to wait for outbound requests: no memory, or too many files are open")
        }
        unsafe self.events = unsafe events
        linux_epoll_set(poll, bell.number, 1, UInt32(LINUX_READABLE))
    }

    deinit {
        unsafe linux_events_free(events)
        close(poll)
    }

    /// Lets libcurl name what it waits for. The handle must not outlive the watch.
    func follow(_ multi: UnsafeMutableRawPointer) {
        let own = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe orrery_curl_multi_set_socket(multi, noteSocket, own)
        unsafe orrery_curl_multi_set_timer(multi, noteDeadline, own)
    }

    /// The sockets that have news, and which, in libcurl's words; none when the moment has come or the bell was rung.
    func wait() -> [(socket: curl_socket_t, news: CInt)] {
        let count = unsafe linux_epoll_wait(poll, events, pause)
        var ready: [(socket: curl_socket_t, news: CInt)] = []
        for index in 0..<max(0, count) {
            let socket = curl_socket_t(truncatingIfNeeded: unsafe linux_event_token(events, index))
            if socket == bell.number {
                bell.still()
            } else {
                // A connection that is broken is told as both: whatever libcurl then tries finds out why.
                ready.append((socket, Self.news(unsafe linux_event_readiness(events, index))))
            }
        }
        return ready
    }

    /// Whether the moment has come; says so once.
    func takesDeadline() -> Bool {
        guard let deadline, deadline <= .now else { return false }
        self.deadline = nil
        return true
    }

    fileprivate func note(_ socket: curl_socket_t, _ wish: CInt) {
        guard wish != CURL_POLL_REMOVE else {
            if watched.remove(socket) != nil { linux_epoll_remove(poll, socket) }
            return
        }
        var wanted: UInt32 = 0
        if wish & CURL_POLL_IN != 0 { wanted |= UInt32(LINUX_READABLE) }
        if wish & CURL_POLL_OUT != 0 { wanted |= UInt32(LINUX_WRITABLE) }
        linux_epoll_set(poll, socket, watched.insert(socket).inserted ? 1 : 0, wanted)
    }

    fileprivate func note(deadline milliseconds: Int) {
        deadline = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
    }

    /// In milliseconds, rounded up, as epoll takes them.
    private var pause: CInt {
        guard let deadline else { return -1 }
        let rest = deadline - .now
        guard rest > .zero else { return 0 }
        return CInt(clamping: Int((rest / .milliseconds(1)).rounded(.up)))
    }

    private static func news(_ readiness: UInt32) -> CInt {
        var news: CInt = 0
        if readiness & UInt32(LINUX_READABLE) != 0 { news |= CURL_CSELECT_IN }
        if readiness & UInt32(LINUX_WRITABLE) != 0 { news |= CURL_CSELECT_OUT }
        return news
    }
}

private func noteSocket(
    _ easy: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ wish: CInt, _ own: UnsafeMutableRawPointer?,
    _ ofSocket: UnsafeMutableRawPointer?
) -> CInt {
    guard let own = unsafe own else { return 0 }
    unsafe Unmanaged<SocketWatch>.fromOpaque(own).takeUnretainedValue().note(socket, wish)
    return 0
}

private func noteDeadline(
    _ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ own: UnsafeMutableRawPointer?
) -> CInt {
    guard let own = unsafe own else { return 0 }
    unsafe Unmanaged<SocketWatch>.fromOpaque(own).takeUnretainedValue().note(deadline: milliseconds)
    return 0
}
