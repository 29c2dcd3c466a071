import Foundation
import OrreryModel
import Synchronization

/// The faults, the calls and the open watches of one double.
///
/// Concurrency: everything is in one mutex; no lock is held while something is awaited.
final class FaultBook: Sendable {
    private struct Entry {
        var fault: Fault
        var seen = 0
        var hits = 0
    }

    private struct State {
        var next = 1
        var faults: [Int: Entry] = [:]
        var calls: [Call] = []
        var watches: [Int: OpenWatch] = [:]
    }

    private let state = Mutex(State())

    func add(_ fault: Fault) -> Int {
        state.withLock { state in
            defer { state.next += 1 }
            state.faults[state.next] = Entry(fault: fault)
            return state.next
        }
    }

    /// Takes a fault away, or all of them.
    func remove(_ number: Int?) {
        state.withLock { state in
            if let number { state.faults[number] = nil } else { state.faults = [:] }
        }
    }

    func holds(_ number: Int) -> Bool { state.withLock { $0.faults[number] != nil } }
    func hits(_ number: Int) -> Int { state.withLock { $0.faults[number]?.hits ?? 0 } }

    /// The faults that strike `request`, in the order in which they were added. Counts.
    func strikes(_ request: Incoming) -> [(number: Int, action: Fault.Action)] {
        state.withLock { state in
            var struck: [(number: Int, action: Fault.Action)] = []
            for (number, entry) in state.faults.sorted(by: { $0.key < $1.key })
            where !entry.fault.isCondition && entry.fault.match.fits(request) {
                state.faults[number]?.seen += 1
                guard entry.seen >= entry.fault.skip, entry.hits < entry.fault.times ?? .max else { continue }
                state.faults[number]?.hits += 1
                struck.append((number, entry.fault.action))
                if case .delay = entry.fault.action { continue }
                if case .hold = entry.fault.action { continue }
                break
            }
            return struck
        }
    }

    /// The conditions under which the answers of `request` are seen.
    func conditions(_ request: Incoming) -> [Fault.Action] {
        state.withLock { state in
            state.faults.sorted { $0.key < $1.key }.map(\.value.fault)
                .filter { $0.isCondition && $0.match.fits(request) }.map(\.action)
        }
    }
}

extension FaultBook {
    var calls: [Call] { state.withLock { $0.calls } }

    func forgetCalls() { state.withLock { $0.calls = [] } }

    /// Notes a call; the answer is the place of its status.
    func note(_ request: Incoming, wasHarmed: Bool) -> Int {
        state.withLock { state in
            state.calls.append(
                Call(
                    method: request.method, path: request.path, query: request.query, status: nil,
                    isWatch: request.isWatch, at: ProcessInfo.processInfo.systemUptime, wasHarmed: wasHarmed))
            return state.calls.count - 1
        }
    }

    func note(status: Int, of call: Int) {
        state.withLock { state in
            // The calls may have been forgotten meanwhile.
            if state.calls.indices.contains(call) { state.calls[call].status = status }
        }
    }

    func open(_ watch: OpenWatch) -> Int {
        state.withLock { state in
            defer { state.next += 1 }
            state.watches[state.next] = watch
            return state.next
        }
    }

    func close(_ number: Int) { state.withLock { $0.watches[number] = nil } }

    /// The watches that are open now and fit.
    func watches(_ match: Fault.Match) -> [OpenWatch] {
        state.withLock { state in state.watches.values.filter { match.fits($0.request) } }
    }
}
