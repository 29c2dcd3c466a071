internal import ArgumentParser
internal import OrreryProxy

/// What a client may take. 0 switches a limit off where it says so.
struct LimitArguments: ParsableArguments {
    @Option(help: "Bytes of a request's head. (default: 32768)") var headBytes: UInt32?
    @Option(help: "Seconds for the head of a request. (default: 30)") var headSeconds: UInt32?
    @Option(help: "Least bytes a second of an upload; 0 for none. (default: 240)") var uploadRate: UInt32?
    @Option(help: "Seconds in which a client takes what waits for it. (default: 300)") var stallSeconds: UInt32?
    @Option(help: "Seconds until an answer begins. (default: 3600)") var answerSeconds: UInt32?
    @Option(
        help: "Connections of one address, local ones included; 0 for any number. (default: 4096, public ones only)")
    var connectionsPerAddress: UInt32?
    @Option(help: "Connections of both sides for each worker. (default: 200000)") var maxConnections: UInt32?

    func validate() throws {
        if let headBytes, !(1024...65_536).contains(headBytes) {
            throw ValidationError("--head-bytes takes 1024 to 65536")
        }
        for (name, value) in [
            ("--head-seconds", headSeconds), ("--stall-seconds", stallSeconds), ("--answer-seconds", answerSeconds),
        ] where value == 0 { throw ValidationError("\(name) takes at least 1") }
        if let maxConnections, !(2...10_000_000).contains(maxConnections) {
            throw ValidationError("--max-connections takes 2 to 10000000")
        }
    }

    func apply(to limits: inout ProxyLimits) {
        if let headBytes {
            limits.headBytes = Int(headBytes)
            limits.targetBytes = min(limits.targetBytes, Int(headBytes))
        }
        if let headSeconds { limits.head = .seconds(headSeconds) }
        if let uploadRate { limits.uploadRate = UInt64(uploadRate) }
        if let stallSeconds { limits.stall = .seconds(stallSeconds) }
        if let answerSeconds { limits.answer = .seconds(answerSeconds) }
        if let connectionsPerAddress {
            limits.connectionsPerAddress = Int(connectionsPerAddress)
            limits.countsLocalAddresses = true
        }
        if let maxConnections { limits.connections = Int(maxConnections) }
    }
}
