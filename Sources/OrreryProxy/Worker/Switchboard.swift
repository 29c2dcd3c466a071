internal import OrreryWire
internal import Synchronization

/// The thread that asks a dialler for connections and hands them over to the workers, each through a channel of its own.
///
/// A worker cannot ask itself: descriptors that others open do not exist in its table. So what leads nowhere else costs
/// two changes of threads when a connection is made, and what is dialled costs nothing.
///
/// Concurrency: `run()` belongs to the thread that calls it.
struct Switchboard: ~Copyable {
    private let dialler: any Dialler
    private let shared: Shared
    private let channels: [SharedChannel]
    private let signal: CInt

    private static let signalToken = UInt64.max

    /// `signal` is given when the workers have ended.
    init(dialler: any Dialler, shared: Shared, channels: [SharedChannel], signal: CInt) {
        self.dialler = dialler
        self.shared = shared
        self.channels = channels
        self.signal = signal
    }

    /// Serves until all workers have ended.
    consuming func run() {
        guard var kernel = LinuxKernel() else {
            return shared.log.write(.error, "no descriptor left for connections from clusters")
        }
        for (index, channel) in channels.enumerated() {
            kernel.watchSource(channel.ends.answering.number, token: UInt64(index))
        }
        kernel.watchSource(signal, token: Self.signalToken)
        while !shared.hasEnded.load(ordering: .acquiring) {
            for index in 0..<kernel.wait(until: .never) {
                let event = kernel.event(index)
                guard event.token != Self.signalToken else {
                    kernel.clearSignal(signal)
                    continue
                }
                if event.token < UInt64(channels.count) { serve(channels[Int(event.token)]) }
            }
        }
        kernel.end()
    }

    private func serve(_ channel: SharedChannel) {
        while let question = channel.ends.answering.nextQuestion() {
            guard case .cluster(let name, let pod, let port) = shared.routes.peers.peer(UInt32(question.word)) else {
                _ = channel.ends.answering.hand(nil, token: question.token)
                continue
            }
            let connection = dialler.connection(to: name, pod: pod, port: port)
            // A worker that takes no answers any more has lost its thread; its client waits for its deadline.
            _ = channel.ends.answering.hand(connection, token: question.token)
        }
    }
}

/// A channel whose ends are used by two threads; the last one closes it.
final class SharedChannel: Sendable {
    let ends: Channel
    init(_ ends: consuming Channel) { self.ends = ends }
}
