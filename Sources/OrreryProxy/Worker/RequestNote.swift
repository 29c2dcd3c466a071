internal import OrreryWire

/// What must be known of a request later on where options or the target's path changed it. Kept for such requests only.
struct RequestNote {
    /// The target's `host:port` in lower case, without the port that its scheme has anyway.
    let target: [UInt8]
    /// What the client said as host; empty for nothing.
    let host: [UInt8]
    /// Path and query as the client sent them.
    let url: [UInt8]

    /// Which statuses are redirects, and 201, which names what was made.
    static func isRedirect(_ status: Int) -> Bool {
        switch status {
        case 201, 301, 302, 307, 308: true
        default: false
        }
    }

    /// Appends the line of a field `Location` that leads to the target, so that it leads where the plan says. False, and
    /// nothing appended, when it leads elsewhere.
    func rewrite(
        _ value: Slice, _ bytes: Span<UInt8>, _ plan: borrowing ForwardingPlan, to out: inout Buffer
    ) -> Bool {
        let isTLS = value.count > 8 && isSame(bytes, Slice(Int(value.start), Int(value.start) + 8), as: "https://")
        guard isTLS || value.count > 7 && isSame(bytes, Slice(Int(value.start), Int(value.start) + 7), as: "http://")
        else { return false }
        let start = Int(value.start) + (isTLS ? 8 : 7)
        var end = start
        while end < Int(value.end), !"/?#".utf8.contains(bytes[end]) { end += 1 }
        let authority = Slice(start, end)
        guard leadsToTarget(authority, bytes, isTLS: isTLS) else { return false }
        out.append("Location: ")
        out.append(plan.scheme ?? (isTLS ? "https" : "http"))
        out.append("://")
        if plan.autoRewrite, !host.isEmpty {
            out.append(host.span)
        } else {
            out.append(bytes.extracting(authority.range))
        }
        out.append(bytes.extracting(end..<Int(value.end)))
        out.append("\r\n")
        return true
    }

    private func leadsToTarget(_ authority: Slice, _ bytes: Span<UInt8>, isTLS: Bool) -> Bool {
        let port: StaticString = isTLS ? ":443" : ":80"
        var end = Int(authority.end)
        let start = end - port.utf8CodeUnitCount
        if start > Int(authority.start), isSame(bytes, Slice(start, end), as: port) { end = start }
        guard end - Int(authority.start) == target.count else { return false }
        for offset in 0..<target.count {
            guard bytes[Int(authority.start) + offset].lowercased == target[offset] else { return false }
        }
        return true
    }
}

extension UInt8 {
    /// The small letter of a capital one of ASCII; itself for all else.
    var lowercased: UInt8 { self &- 65 < 26 ? self | 32 : self }
}
