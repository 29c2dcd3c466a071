internal import CLinux
internal import Foundation
internal import Glibc
internal import Synchronization

/// The listening addresses of pods without processes: one socket for each, so that an address answers as long as its
/// pod lives and refuses before and after, and one thread for all of them.
///
/// Concurrency: `open` and `close` may be called from any thread. The thread waits without the lock and works under it;
/// it ends with `shut`.
final class HollowDoors: Sendable {
    private struct State {
        /// Who answers at a listening socket.
        var servers: [CInt: HollowServer] = [:]
        var connections: [CInt: Connection] = [:]
        /// The listening sockets of a pod.
        var doors: [String: [CInt]] = [:]
        var isShut = false
    }

    private struct Connection {
        let door: CInt
        var received: [UInt8] = []
    }

    private let epoll: CInt
    private let bell: CInt
    private let state = Mutex(State())

    init() {
        _ = linux_raise_descriptor_limit()
        epoll = linux_epoll_create()
        bell = linux_eventfd()
        linux_epoll_add(epoll, bell, UInt64(bell), 1)
        Thread.detachNewThread { [self] in serve() }
    }

    /// Lets `server` answer at the ports of `address`. Nil when it does, otherwise why not.
    func open(_ address: String, _ ports: [UInt16], _ server: HollowServer) -> String? {
        var numbers: [CInt] = []
        for port in ports {
            var target = linux_address()
            guard unsafe linux_resolve(address, port, &target) == 0 else { return "\(address) is no address" }
            let number = linux_listen(target, LINUX_ALONE, 128)
            guard number >= 0 else {
                for number in numbers { Glibc.close(number) }
                return "\(address):\(port) cannot be listened at: \(systemReason(-number))"
            }
            numbers.append(number)
        }
        state.withLock { state in
            state.doors[address] = numbers
            for number in numbers {
                state.servers[number] = server
                linux_epoll_add(epoll, number, UInt64(number), 1)
            }
        }
        return nil
    }

    /// Nobody answers at `address` any more, and its connections are cut, as when a process ends.
    func close(_ address: String) {
        state.withLock { state in
            let doors = Set(state.doors.removeValue(forKey: address) ?? [])
            for (number, connection) in state.connections where doors.contains(connection.door) {
                Self.end(number, &state)
            }
            for door in doors {
                state.servers[door] = nil
                Glibc.close(door)
            }
        }
    }

    /// Closes everything and ends the thread.
    func shut() {
        let addresses = state.withLock { state in
            state.isShut = true
            return Array(state.doors.keys)
        }
        addresses.forEach(close)
        linux_eventfd_signal(bell)
    }

    private func serve() {
        guard let events = unsafe linux_events_create(256) else { return }
        defer {
            unsafe linux_events_free(events)
            Glibc.close(epoll)
            Glibc.close(bell)
        }
        while !state.withLock({ $0.isShut }) {
            let count = unsafe linux_epoll_wait(epoll, events, -1)
            let tokens = (0..<max(count, 0)).map { unsafe linux_event_token(events, $0) }
            state.withLock { state in
                for token in tokens { look(at: CInt(truncatingIfNeeded: token), &state) }
            }
        }
    }

    // The number may be another's by now: nothing here goes wrong when there is nothing to do.
    private func look(at number: CInt, _ state: inout State) {
        if state.servers[number] != nil {
            accept(at: number, &state)
        } else if state.connections[number] != nil {
            receive(from: number, &state)
        }
    }

    private func accept(at door: CInt, _ state: inout State) {
        while true {
            var peer = linux_address()
            let number = unsafe linux_accept(door, &peer)
            guard number >= 0 else { return }
            state.connections[number] = Connection(door: door)
            linux_epoll_add(epoll, number, UInt64(number), 0)
        }
    }

    private func receive(from number: CInt, _ state: inout State) {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe linux_receive(number, &chunk, chunk.count)
            if count == -Int(EAGAIN) { return }
            guard count > 0, let known = state.connections[number]?.received.count, known < 64 << 10 else {
                return Self.end(number, &state)
            }
            state.connections[number]?.received += chunk.prefix(count)
            guard answer(number, &state) else { return Self.end(number, &state) }
        }
    }

    /// Answers the requests whose heads are there. Whether the connection goes on.
    private func answer(_ number: CInt, _ state: inout State) -> Bool {
        guard var connection = state.connections[number], let server = state.servers[connection.door] else {
            return false
        }
        while let end = connection.received.firstRange(of: Array("\r\n\r\n".utf8)) {
            let head = String(decoding: connection.received[..<end.lowerBound], as: UTF8.self)
            connection.received.removeSubrange(..<end.upperBound)
            let answer = server.answer(to: head)
            let sent = unsafe linux_send(number, answer.bytes, answer.bytes.count)
            if answer.isLast || sent != answer.bytes.count { return false }
        }
        state.connections[number] = connection
        return true
    }

    private static func end(_ number: CInt, _ state: inout State) {
        state.connections[number] = nil
        Glibc.close(number)
    }
}
