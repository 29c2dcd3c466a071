internal import OrreryCrypto
internal import OrreryWire

/// One worker's gate: opens the tickets that requests bring, and makes cookies of entries. Allocates only when it is
/// made, which is when the hub has given other keys.
///
/// Concurrency: belongs to the thread of its worker.
struct Gate: ~Copyable {
    private var seal: TicketSeal
    /// Nil until the hub has given keys.
    let settings: GateSettings?
    let isSecure: Bool
    /// Whose request is being dealt with; nil for somebody unknown, and on routes that ask nobody.
    private(set) var visitor: TicketSeal.Opening?

    /// How many cookies of the ticket's name are tried. A browser sends one; where there is no TLS another host of the
    /// same domain can add some.
    private static let attempts = 4

    init(_ settings: GateSettings?) {
        self.settings = settings
        isSecure = settings?.isSecure ?? false
        // Without keys one that nobody has, so that nothing opens.
        seal = TicketSeal(settings?.keys ?? .ownedByNobody)
    }

    // MARK: Requests

    mutating func forgetVisitor() { visitor = nil }

    /// Whether the request brings a ticket for its host that is valid at `now`, in seconds. `visitor` is whose.
    mutating func admit(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, at now: UInt64) -> Bool {
        visitor = nil
        guard head.fields.hasCookie, !head.fields.host.isEmpty else { return false }
        let host = bytes.extracting(head.fields.host.range)
        let name = GateCookie.ticket(isSecure: isSecure)
        var left = Self.attempts
        var reader = CookieReader()
        while left > 0, let pair = reader.next(head.fields, bytes) {
            guard pair.name.isWord(name, bytes) else { continue }
            left -= 1
            let text = bytes.extracting(pair.value.range)
            visitor = seal.open(text, as: .cookie, host: host, browser: Span(), at: now)
            if visitor != nil { return true }
        }
        return false
    }

    /// Whether the visitor is among `names`, a line each; `*` is everybody.
    func isListed(in names: Span<UInt8>) -> Bool {
        guard let visitor else { return false }
        return seal.person(visitor) { person in
            var start = 0
            while start <= names.count {
                let end = place(of: UInt8(ascii: "\n"), in: start..<names.count, names)
                let name = names.extracting(start..<end)
                if name.count == 1, name[0] == UInt8(ascii: "*") { return true }
                if isSame(name, person) { return true }
                start = end + 1
            }
            return false
        }
    }

    /// The visitor's login as the list of logouts knows it; 0 when there is no visitor.
    var session: UInt64 {
        guard let visitor else { return 0 }
        return seal.session(visitor, SessionCookie.hash)
    }

    /// More than half of the visitor's ticket is used up.
    func isOld(at now: UInt64) -> Bool { visitor?.isOld(at: now) ?? false }

    /// The visitor's name, if there is a visitor.
    func readPerson(_ body: (Span<UInt8>) -> Void) {
        if let visitor { seal.person(visitor, body) }
    }

    /// What an upstream is told about the visitor, in at most `fieldsLimit` bytes.
    mutating func writeFields(to out: inout Buffer) {
        guard let visitor else { return }
        out.append("X-Orrery-Person: ")
        seal.person(visitor) { out.append($0) }
        out.append("\r\nX-Orrery-Session: ")
        seal.session(visitor) { out.append($0) }
        out.append("\r\n")
    }

    static let fieldsLimit = 39 + 2 * Ticket.nameLimit

    // MARK: Browsers on their way

    /// The secret that this browser keeps while it is on its way; nil when it has none, or one that is not ours.
    func browserSecret(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Slice? {
        guard head.fields.hasCookie else { return nil }
        let name = GateCookie.browser(isSecure: isSecure)
        var reader = CookieReader()
        while let pair = reader.next(head.fields, bytes) {
            if pair.name.isWord(name, bytes), pair.value.count == TicketSeal.markCount { return pair.value }
        }
        return nil
    }

    /// Appends the mark of the browser that keeps `secret`.
    func writeMark(of secret: Span<UInt8>, to out: inout Buffer) {
        var mark = InlineArray<43, UInt8>(repeating: 0)
        seal.mark(ofBrowserKeeping: secret, to: &mark)
        out.append(mark.span)
    }

    /// A new secret for a browser.
    func freshSecret() -> InlineArray<43, UInt8> { seal.freshSecret() }

    /// Whether the ticket is an entry for this host and for the browser that keeps `secret`. `visitor` is whose.
    mutating func enter(
        _ ticket: Span<UInt8>, host: Span<UInt8>, keeping secret: Span<UInt8>, at now: UInt64
    ) -> Bool {
        var mark = InlineArray<43, UInt8>(repeating: 0)
        seal.mark(ofBrowserKeeping: secret, to: &mark)
        visitor = seal.open(ticket, as: .entry, host: host, browser: mark.span, at: now)
        return visitor != nil
    }

    /// Appends the line that gives the browser of the entry just opened its cookie. False, with nothing appended, when
    /// the entry is over.
    mutating func writeCookie(host: Span<UInt8>, at now: UInt64, to out: inout Buffer) -> Bool {
        guard let entry = visitor, seal.sealCookie(for: entry, host: host, at: now) else { return false }
        out.append("Set-Cookie: ")
        out.append(GateCookie.ticket(isSecure: isSecure))
        out.append("=")
        seal.readText { out.append($0) }
        out.append("; Path=/; Max-Age=")
        out.append(decimal: UInt64(entry.until) - now)
        writeAttributes(to: &out)
        return true
    }

    /// Appends the line that has the browser keep a secret for ten minutes, time enough for a login.
    func writeSecret(_ secret: Span<UInt8>, to out: inout Buffer) {
        out.append("Set-Cookie: ")
        out.append(GateCookie.browser(isSecure: isSecure))
        out.append("=")
        out.append(secret)
        out.append("; Path=/; Max-Age=600")
        writeAttributes(to: &out)
    }

    private func writeAttributes(to out: inout Buffer) {
        out.append("; HttpOnly; SameSite=Lax")
        if isSecure { out.append("; Secure") }
        out.append("\r\n")
    }
}

private func isSame(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for index in 0..<left.count where left[index] != right[index] { return false }
    return true
}
