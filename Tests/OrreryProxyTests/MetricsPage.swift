/// A page in Prometheus's text format, read strictly: what its rules forbid is listed among the faults.
struct MetricsPage {
    private(set) var faults: [String] = []
    private var samples: [String: Double] = [:]
    private var types: [String: String] = [:]
    private var closed: Set<String> = []
    private var family = ""

    /// The value of a sample, named as it is written: `name{label="value"}`.
    subscript(_ sample: String) -> Double? { samples[sample] }

    init(_ text: String) {
        if text.last != "\n" { faults.append("the last line has no end") }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() { take(String(line)) }
        for (name, type) in types where type == "histogram" { judgeHistogram(name) }
    }

    private mutating func take(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        if line.hasPrefix("# TYPE ") {
            guard words.count == 4, ["counter", "gauge", "histogram", "summary"].contains(words[3]) else {
                return faults.append("not a type: \(line)")
            }
            if types.updateValue(words[3], forKey: words[2]) != nil { faults.append("declared twice: \(words[2])") }
            family = words[2]
        } else if line.hasPrefix("# HELP ") {
            if words.count < 4 { faults.append("no help: \(line)") }
            if let name = words.dropFirst(2).first, closed.contains(name) { faults.append("apart: \(name)") }
            closed.insert(family)
        } else {
            takeSample(line)
        }
    }

    private mutating func takeSample(_ line: String) {
        guard
            let match = line.wholeMatch(of: /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-z_]+="[^"\\]*",?)+\})? ([-+0-9.eENa]+)/),
            let value = Double(match.4)
        else { return faults.append("not a sample: \(line)") }
        let name = String(match.1)
        let suffixes =
            switch types[family] {
            case "histogram": ["_bucket", "_sum", "_count"]
            case "summary": ["", "_sum", "_count"]
            default: [""]
            }
        if !suffixes.contains(where: { name == family + $0 }) { faults.append("\(name) is not of \(family)") }
        if types[family] == "counter", value < 0 { faults.append("a counter below zero: \(line)") }
        if samples.updateValue(value, forKey: name + (match.2.map(String.init) ?? "")) != nil {
            faults.append("said twice: \(line)")
        }
    }

    private mutating func judgeHistogram(_ name: String) {
        let buckets = samples.filter { $0.key.hasPrefix(name + "_bucket{") }
            .map { (end: Double($0.key.split(separator: "\"")[1].replacing("+Inf", with: "inf")) ?? .nan, $0.value) }
            .sorted { $0.end < $1.end }
        if buckets.last?.end != .infinity || buckets.last?.1 != samples[name + "_count"] {
            faults.append("\(name) does not end with all of it")
        }
        if zip(buckets, buckets.dropFirst()).contains(where: { $0.1 > $1.1 }) { faults.append("\(name) goes down") }
    }
}
