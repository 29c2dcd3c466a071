import OrreryCrypto
import Testing

@testable import OrreryProxy

/// A worker whose gate has keys, with a route for Ada and one for whoever has a cookie.
struct GateRig {
    static let login = "https://hub.example.org/hub/gate"
    static let host = "ada.hub.example.org"
    static let now: UInt32 = 1_800_000_000
    static let page = "Accept: text/html,application/xhtml+xml\r\n"

    let rig: Rig
    private let keys: GateKeys

    init(login: String? = login) throws {
        rig = try Rig(routes: ["/": "http://10.0.0.1:8081"])
        keys = GateKeys(derivedFrom: [1, 2, 3], salt: [4], at: UInt64(Self.now))
        try rig.setRoute("/user/ada", "http://10.0.0.2:8787", access: ["ada", "bob"])
        try rig.setRoute("/common", "http://10.0.0.3:8787", access: ["*"])
        if let login { #expect(rig.shared.gate.set(keys: keys, login: login)) }
        rig.heed()
    }

    /// A sealed ticket of somebody's.
    func ticket(
        _ person: String = "ada", session: String = "s1", as kind: Ticket.Kind = .cookie, host: String = host,
        browser: String = "", issued: UInt32 = now, lasting: UInt32 = 3600, until: UInt32? = nil, keys: GateKeys? = nil
    ) throws -> String {
        var seal = TicketSeal(keys ?? self.keys)
        let ticket = Ticket(
            person: person, session: session, issued: issued, expires: issued + lasting,
            until: until ?? issued + lasting)
        let text = seal.seal(ticket, as: kind, host: host, browser: browser)
        return try #require(text)
    }

    /// A line with the cookie of a ticket.
    func cookie(_ ticket: String, name: String = "__Host-orrery-gate") -> String { "Cookie: \(name)=\(ticket)\r\n" }

    /// What the proxy answers itself; the request went nowhere.
    func refused(_ path: String, _ fields: String = "", method: String = "GET", host: String = host) -> String {
        let client = rig.client()
        let before = rig.kernel.connected.count
        rig.send(client, "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n")
        #expect(rig.kernel.connected.count == before)
        return rig.kernel.sent(client)
    }

    /// What an upstream gets; nil when the proxy answered itself.
    func passed(_ path: String, _ fields: String = "", method: String = "GET", host: String = host) throws -> String? {
        let client = rig.client()
        let before = rig.kernel.connected.count
        rig.send(client, "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n")
        guard rig.kernel.connected.count > before else { return nil }
        return rig.kernel.sent(try rig.upstream())
    }
}

/// The value of the first field of this name in a head.
func field(_ name: String, in head: String) -> String? {
    head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
        .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
}
