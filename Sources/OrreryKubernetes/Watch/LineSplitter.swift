/// Puts lines together from pieces that the network cut anywhere.
struct LineSplitter {
    private var rest: [UInt8] = []
    private let limit: Int

    init(limit: Int = 8 << 20) { self.limit = limit }

    /// The lines that `chunk` completes, without their ends and without empty ones. Throws when a line has grown beyond
    /// the limit: nothing we watch is that large, so it is no watch.
    mutating func split(_ chunk: [UInt8]) throws(KubernetesError) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = chunk.startIndex
        while let end = chunk[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest + chunk[start..<end]
            if !line.isEmpty { lines.append(line) }
            rest = []
            start = end + 1
        }
        rest += chunk[start...]
        guard rest.count <= limit else { throw .unreadable("a line of the watch is longer than \(limit) bytes") }
        return lines
    }
}
