/// Builds a page in Prometheus's text format, version 0.0.4: families of samples, each with its help and its type.
struct MetricsText {
    enum Kind: String { case counter, gauge, histogram, summary }

    private(set) var text = ""

    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// A family of one sample without labels.
    mutating func add(_ kind: Kind, _ name: String, _ help: String, _ value: Double) {
        begin(kind, name, help)
        sample(name, [], value)
    }

    mutating func add(_ kind: Kind, _ name: String, _ help: String, _ value: UInt64) {
        begin(kind, name, help)
        sample(name, [], Double(value))
    }

    /// A family whose samples differ in one label.
    mutating func add(
        _ kind: Kind, _ name: String, _ help: String, by label: String, _ samples: [(value: String, count: UInt64)]
    ) {
        begin(kind, name, help)
        for entry in samples { sample(name, [(label, entry.value)], Double(entry.count)) }
    }

    /// A family whose samples differ in two labels; the second may have no name.
    mutating func addTwo(
        _ name: String, _ help: String, _ labels: (String, String),
        _ samples: [(first: String, second: String, value: Double)], _ kind: Kind
    ) {
        begin(kind, name, help)
        for entry in samples {
            let second = labels.1.isEmpty ? [] : [(name: labels.1, value: entry.second)]
            sample(name, [(name: labels.0, value: entry.first)] + second, entry.value)
        }
    }

    /// A histogram: how many fell into each step, and where the steps but the last end, in seconds.
    mutating func addHistogram(_ name: String, _ help: String, ends: [Double], steps: [UInt64], sum: Double) {
        begin(.histogram, name, help)
        var total: UInt64 = 0
        for (end, count) in zip(ends, steps) {
            total += count
            sample(name + "_bucket", [("le", Self.number(end))], Double(total))
        }
        total = steps.reduce(0, +)
        sample(name + "_bucket", [("le", "+Inf")], Double(total))
        sample(name + "_sum", [], sum)
        sample(name + "_count", [], Double(total))
    }

    /// A summary of durations that were put on `TimingScale`, with configurable-http-proxy's quantiles.
    mutating func addSummary(_ name: String, _ help: String, _ timed: (steps: [UInt64], nanoseconds: UInt64)) {
        begin(.summary, name, help)
        let total = timed.steps.reduce(0, +)
        for quantile in [0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999] {
            let value = Self.quantile(quantile, of: timed.steps, total: total)
            sample(name, [("quantile", Self.number(quantile))], value)
        }
        sample(name + "_sum", [], Double(timed.nanoseconds) / 1e9)
        sample(name + "_count", [], Double(total))
    }

    /// The middle of the step that the quantile falls into, in seconds; not a number when nothing was timed.
    private static func quantile(_ quantile: Double, of steps: [UInt64], total: UInt64) -> Double {
        guard total > 0 else { return .nan }
        let rank = UInt64((quantile * Double(total)).rounded(.up))
        var sum: UInt64 = 0
        for (step, count) in steps.enumerated() {
            sum += count
            guard sum >= max(rank, 1) else { continue }
            let start = step == 0 ? 0 : TimingScale.end(ofStep: step - 1)
            return Double(start + TimingScale.end(ofStep: step)) / 2e9
        }
        return .nan
    }

    // MARK: Lines

    private mutating func begin(_ kind: Kind, _ name: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func sample(_ name: String, _ labels: [(name: String, value: String)], _ value: Double) {
        text += name
        if !labels.isEmpty { text += "{" + labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ",") + "}" }
        text += " \(Self.number(value))\n"
    }

    /// A number as Prometheus reads it: whole ones without a fraction, so that a counter looks like one.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return "\(value)"
    }
}
