internal import OrreryWire

/// Why the gate keeps a request.
enum GateRefusal {
    /// The hub has given no keys yet.
    case unready
    /// Nobody knows who sends it, or the login has ended.
    case unknown
    /// A page of somebody whose cookie should be renewed; nothing else would be refused for that.
    case old
    /// The visitor is not among those who may pass.
    case denied
    /// A page of another site wants to act with the visitor's cookie.
    case foreign
    /// It names no host. Every cookie is for one, and nobody could be sent back.
    case hostless

    var status: Int {
        switch self {
        case .unready: 503
        case .unknown, .old: 401
        case .denied, .foreign: 403
        case .hostless: 400
        }
    }
}

extension Worker {
    /// What the gate has against a request to a route that names who may pass; nil when it lets it through. The gate's
    /// visitor is who sent it.
    mutating func refusal(_ match: RouteMatch, _ bytes: Span<UInt8>) -> GateRefusal? {
        let refusal = judgeVisitor(match, bytes)
        switch refusal {
        case nil: metrics.add(.gatePassed)
        case .denied, .foreign, .hostless, .unready: metrics.add(.gateDenied)
        case .unknown, .old: metrics.add(.gateLogin)
        }
        return refusal
    }

    private mutating func judgeVisitor(_ match: RouteMatch, _ bytes: Span<UInt8>) -> GateRefusal? {
        let seconds = now.wall / 1000
        guard gate.settings != nil else { return .unready }
        guard gate.admit(head, bytes, at: seconds) else { return head.fields.host.isEmpty ? .hostless : .unknown }
        if !logouts.isEmpty, logouts.contains(gate.session) {
            metrics.add(.gateLoggedOut)
            return .unknown
        }
        guard routes.read(match.access, of: match, { gate.isListed(in: $0) }) else { return .denied }
        if isForeign(bytes) { return .foreign }
        // Only once in the life of the other cookie: a hub that is away must not keep anybody out.
        if gate.isOld(at: seconds), isPage(bytes), gate.browserSecret(head, bytes) == nil { return .old }
        return nil
    }

    /// Whether a page of another host sends this, which may do more than read. `SameSite` stops pages of other sites,
    /// but hosts of one domain are one site for it, and the notebooks of other people are such hosts.
    private mutating func isForeign(_ bytes: Span<UInt8>) -> Bool {
        switch head.method {
        case .get, .head, .options: guard head.wantsUpgrade else { return false }
        case .post, .put, .delete, .other: break
        }
        for index in 0..<head.fields.markCount where head.fields.mark(index).name == .origin {
            let origin = head.fields.mark(index).value
            // `null` is said by pages that hide where they are; a browser sends our cookie for such only at home.
            if isSame(bytes, origin, as: "null") { continue }
            if !isHere(origin, bytes) { return true }
        }
        return false
    }

    /// Whether `scheme://authority` is the host of this request.
    private mutating func isHere(_ origin: Slice, _ bytes: Span<UInt8>) -> Bool {
        let host = head.fields.host
        let start = Int(origin.end) - host.count
        guard start - 3 > Int(origin.start), Slice(start - 3, start).isWord("://", bytes) else { return false }
        for offset in 0..<host.count where bytes[start + offset] | 0x20 != bytes[Int(host.start) + offset] | 0x20 {
            return false
        }
        return true
    }

    /// A person opens a page; nothing else can follow to the login and back.
    mutating func isPage(_ bytes: Span<UInt8>) -> Bool { head.method == .get && !head.wantsUpgrade && accepts(bytes) }
}
