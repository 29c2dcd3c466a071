extension TicketSeal {
    /// Seals a ticket: the text for a cookie or an address. Nil when its names or what it is bound to are empty or too
    /// long, or when it would not open again because of its times.
    package mutating func seal(_ ticket: Ticket, as kind: Ticket.Kind, host: String, browser: String = "") -> String? {
        let names = [Array(ticket.person.utf8), Array(ticket.session.utf8)]
        guard names.allSatisfy({ (1...Ticket.nameLimit).contains($0.count) }), ticket.isSound else { return nil }
        contentCount = 0
        [ticket.issued, ticket.expires, ticket.until].forEach { append($0) }
        append(UInt8(names[0].count))
        names.joined().forEach { append($0) }
        let (host, browser) = (Array(host.utf8), Array(browser.utf8))
        guard seal(as: kind, host: host.span, browser: browser.span) else { return nil }
        return readText { text in String(decoding: (0..<text.count).map { text[$0] }, as: UTF8.self) }
    }

    /// Seals a cookie for the person of the entry that was opened last; read it with `readText`. False when the entry
    /// allows none any more.
    package mutating func sealCookie(
        for entry: Opening, host: Span<UInt8>, at now: UInt64
    ) -> Bool {
        let issued = UInt32(clamping: now)
        guard contentCount > 0, issued < entry.until else { return false }
        let count = contentCount
        contentCount = 0
        append(issued)
        append(entry.until)
        append(entry.until)
        contentCount = count
        return seal(as: .cookie, host: host, browser: Span())
    }

    /// The text that was sealed last.
    package func readText<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        // So many characters were written by `encode`.
        body(unsafe UnsafeBufferPointer(start: textBytes, count: textCount).span)
    }

    private mutating func seal(as kind: Ticket.Kind, host: Span<UInt8>, browser: Span<UInt8>) -> Bool {
        guard bind(kind, host: host, browser: browser) else { return false }
        encode(encipher())
        return true
    }

    private mutating func append(_ number: UInt32) {
        for index: UInt32 in 0..<4 { append(UInt8(truncatingIfNeeded: number >> (24 - 8 * index))) }
    }

    private mutating func append(_ byte: UInt8) {
        precondition(contentCount < Self.contentLimit)
        unsafe contentBytes[contentCount] = byte
        contentCount += 1
    }

    /// Writes the first `count` bytes of `sealedBytes` as text.
    private mutating func encode(_ count: Int) {
        var (held, bits) = (UInt32(0), 0)
        textCount = 0
        for index in 0..<count {
            (held, bits) = unsafe (held << 8 | UInt32(sealedBytes[index]), bits + 8)
            while bits >= 6 {
                bits -= 6
                appendText(Base64URL.character(held >> bits))
            }
        }
        if bits > 0 { appendText(Base64URL.character(held << (6 - bits))) }
    }

    private mutating func appendText(_ character: UInt8) {
        precondition(textCount < Self.textLimit)
        unsafe textBytes[textCount] = character
        textCount += 1
    }
}

extension Ticket {
    /// Whether one with these times opens at its beginning.
    fileprivate var isSound: Bool {
        issued < expires && expires <= until && until - issued <= Self.longest
    }
}
