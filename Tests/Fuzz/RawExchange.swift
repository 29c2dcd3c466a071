import HTTPReference
import OrreryWire

/// Any bytes at all from a client, any bytes at all from the upstream they lead to.
enum RawExchange {
    /// The client's bytes end where the first zero byte is; the upstream's follow it.
    static func fault(_ bytes: [UInt8], cut: Int) -> String? {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let kernel = ScriptedKernel()
        let worker = ModelWorker(kernel)
        let client = kernel.connectClient()
        worker.turn(4)
        feed(parts.first ?? [], to: client, cut: cut, kernel, worker)
        var served = 0
        while served < kernel.connected.count, served < 8 {
            let upstream = kernel.connected[served]
            served += 1
            let sent = kernel.sentBytes(upstream)
            if let fault = fault(inForwarded: sent) { return fault }
            if parts.count > 1 { feed(parts[1], to: upstream, cut: cut, kernel, worker) }
            kernel.end(upstream)
            worker.turn(8)
        }
        if let fault = fault(inAnswered: kernel.sentBytes(client)) { return fault }
        return leftovers(kernel, worker)
    }

    private static func feed(
        _ bytes: ArraySlice<UInt8>, to number: CInt, cut: Int, _ kernel: ScriptedKernel, _ worker: ModelWorker
    ) {
        for piece in [bytes.prefix(cut), bytes.dropFirst(cut)] where !piece.isEmpty {
            kernel.feed(number, Array(piece))
            worker.turn(8)
        }
    }

    /// What goes on begins with a head that can be read in one way only.
    private static func fault(inForwarded bytes: [UInt8]) -> String? {
        guard !bytes.isEmpty else { return nil }
        guard case .whole(let request) = ReferenceRequest.read(bytes) else {
            return "an unreadable request was sent on"
        }
        return request.fields.lines.contains { $0.name.contains(95) } ? "an underscore was sent on" : nil
    }

    private static func fault(inAnswered bytes: [UInt8]) -> String? {
        guard !bytes.isEmpty else { return nil }
        if case .refused = ReferenceResponse.read(bytes) { return "an unreadable answer was sent back" }
        return nil
    }

    private static func leftovers(_ kernel: ScriptedKernel, _ worker: ModelWorker) -> String? {
        for _ in 0..<3 {
            for number in kernel.sockets.keys.sorted() { kernel.end(number) }
            worker.turn(8)
            kernel.moment.monotonic += 4_000_000
            worker.turn(8)
        }
        return worker.connections == 0 && kernel.sockets.isEmpty ? nil : "\(worker.connections) places are still taken"
    }
}
