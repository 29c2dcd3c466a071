import HTTPReference
import OrreryWire

#if canImport(Glibc)
    import Glibc
#endif

/// libFuzzer's own loop. It calls back with bytes of its making and watches which code they reach.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ call: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Looks for messages and schedules that the proxy does not survive, or reads otherwise than the grammar, for tokens and
/// key sets that are read otherwise than others read them, and for calls that an agent's gate should not let through.
/// `Tests/fuzz` builds and runs it.
@main
enum Fuzz {
    static func main() {
        if CommandLine.argc == 3, CommandLine.arguments[1] == "--corpus" {
            return writeCorpus(to: CommandLine.arguments[2])
        }
        if CommandLine.argc == 4, CommandLine.arguments[1] == "--seeds" {
            return runModels(UInt64(CommandLine.arguments[2]) ?? 0, count: UInt64(CommandLine.arguments[3]) ?? 0)
        }
        var count = CommandLine.argc
        var arguments = unsafe CommandLine.unsafeArgv
        let status = unsafe runFuzzer(&count, &arguments) { bytes, count in
            // libFuzzer's own memory, for as long as this call.
            let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
            if let fault = Case.fault(input) { fatalError(fault) }
            return 0
        }
        exit(status)
    }

    /// The schedules of so many seeds, as the unit tests run them.
    private static func runModels(_ first: UInt64, count: UInt64) {
        for seed in first..<first + count {
            for isGentle in [false, true] {
                var model = Model(Seeded(seed), isGentle: isGentle)
                let faults = model.run(events: isGentle ? 120 : 150)
                if !faults.isEmpty { print("seed \(seed)\(isGentle ? ", gentle" : ""): \(faults)\n\(model.story)") }
            }
        }
    }

    /// A beginning for every kind of input. What they reach libFuzzer then varies.
    private static func writeCorpus(to folder: String) {
        for seed in 0..<200 as Range<UInt64> {
            var grammar = Grammar(seed)
            let inputs: [[UInt8]] = [
                [0] + grammar.request(), [1] + grammar.response(), [2, UInt8(seed)] + grammar.chunks(),
                [3, UInt8(seed)] + grammar.request() + [0] + grammar.response(),
                [4] + (0..<400).map { _ in UInt8(truncatingIfNeeded: grammar.chance.next()) },
                [5] + (0..<400).map { _ in UInt8(truncatingIfNeeded: grammar.chance.next()) },
            ]
            for (index, input) in inputs.enumerated() { write(input, to: "\(folder)/\(index)-\(seed)") }
        }
        for (index, input) in TokenReading.seeds.enumerated() { write(input, to: "\(folder)/token-\(index)") }
        for (index, input) in GateReading.seeds.enumerated() { write(input, to: "\(folder)/gate-\(index)") }
    }

    private static func write(_ bytes: [UInt8], to path: String) {
        guard let file = unsafe fopen(path, "wb") else { fatalError("cannot write \(path)") }
        _ = unsafe bytes.withUnsafeBytes { unsafe fwrite($0.baseAddress, 1, $0.count, file) }
        _ = unsafe fclose(file)
    }
}

/// What an input is tried on; its first byte says which.
enum Case {
    /// What is wrong with what became of it; nil when nothing is.
    static func fault(_ input: [UInt8]) -> String? {
        guard let kind = input.first else { return nil }
        let rest = Array(input.dropFirst())
        switch kind % 10 {
        case 0: return requestDifference(rest)
        case 1: return responseDifference(rest)
        case 2: return rest.first.flatMap { chunkDifference(Array(rest.dropFirst()), min(Int($0), rest.count - 1)) }
        case 3: return rest.first.flatMap { RawExchange.fault(Array(rest.dropFirst()), cut: Int($0)) }
        case 6: return TokenReading.documentFault(rest)
        case 7: return TokenReading.tokenFault(rest)
        case 8: return TokenReading.keySetFault(rest)
        case 9: return GateReading.fault(rest)
        default:
            var model = Model(ByteChance(rest), isGentle: kind % 10 == 5)
            return model.run(events: 400).first.map { "\($0)\n\(model.story)" }
        }
    }
}
