import COpenSSL
import Testing

@testable import OrreryCrypto

/// A sealed ticket opens for exactly what it was sealed for, and not at all once a bit of it is changed.
@Suite struct TicketTests {
    private static let now: UInt64 = 1_800_000_000
    private static let ticket = Ticket(
        person: "ada", session: "0123456789abcdef0123456789abcdef", issued: 1_800_000_000, expires: 1_800_003_600,
        until: 1_800_003_600)
    private static let keys = [key(7), key(8), key(6)]

    private static func key(_ id: UInt32, _ fill: UInt8 = 1) -> GateKey {
        GateKey(id: id, bytes: (0..<32).map { UInt8($0) ^ UInt8(truncatingIfNeeded: id) ^ fill }) ?? keys[0]
    }

    private static func seal(
        _ ticket: Ticket = ticket, as kind: Ticket.Kind = .cookie, host: String = "ada.hub.example.org",
        browser: String = "", keys: [GateKey] = keys
    ) throws -> String {
        var seal = TicketSeal(try #require(GateKeys(keys)))
        let text = seal.seal(ticket, as: kind, host: host, browser: browser)
        return try #require(text)
    }

    /// Person and session; nil when it does not open.
    private static func open(
        _ text: String, as kind: Ticket.Kind = .cookie, host: String = "ada.hub.example.org", browser: String = "",
        keys: [GateKey] = keys, at now: UInt64 = now
    ) throws -> [String]? {
        var seal = TicketSeal(try #require(GateKeys(keys)))
        let (text, host, browser) = (Array(text.utf8), Array(host.utf8), Array(browser.utf8))
        guard let opening = seal.open(text.span, as: kind, host: host.span, browser: browser.span, at: now) else {
            // TLS on the same thread reads this queue after its own calls.
            #expect(ERR_peek_error() == 0)
            return nil
        }
        return [seal.person(opening, Self.text), seal.session(opening, Self.text)]
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self)
    }

    @Test(arguments: ["ada.hub.example.org", "ADA.hub.example.org:8443", "ada.hub.example.org:80"])
    func aTicketOpensAtItsHost(_ host: String) throws {
        #expect(try Self.open(Self.seal(), host: host) == ["ada", Self.ticket.session])
    }

    @Test func aLongestTicketFits() throws {
        var ticket = Self.ticket
        ticket.person = String(repeating: "p", count: 64)
        ticket.session = String(repeating: "s", count: 64)
        let host = String(repeating: "h", count: 255)
        let text = try Self.seal(ticket, host: host)
        #expect(text.utf8.count == TicketSeal.textLimit)
        #expect(try Self.open(text, host: host) == [ticket.person, ticket.session])
    }

    @Test(arguments: Ticket.Kind.allCases) func everyChangedBitKeepsItShut(_ kind: Ticket.Kind) throws {
        let text = try Self.seal(as: kind)
        let bytes = try #require(Base64URL.decode(text.utf8))
        #expect(try Self.open(text, as: kind) != nil)
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(try Self.open(Base64URL.encode(changed), as: kind) == nil, "bit \(bit)")
        }
        for place in 0..<text.utf8.count * 8 {
            var changed = Array(text.utf8)
            changed[place / 8] ^= 1 << UInt8(place % 8)
            #expect(try Self.open(String(decoding: changed, as: UTF8.self), as: kind) == nil, "character \(place / 8)")
        }
    }

    @Test func everyOtherLengthKeepsItShut() throws {
        let text = try Self.seal()
        for count in 0..<text.utf8.count { #expect(try Self.open(String(text.prefix(count))) == nil, "\(count)") }
        for more in ["A", "AA", "AAA", "AAAA", "=", " ", String(repeating: "A", count: 4000)] {
            #expect(try Self.open(text + more) == nil)
            #expect(try Self.open(more + text) == nil)
        }
    }

    @Test func aTicketOfAnotherKindHostOrBrowserStaysShut() throws {
        let cookie = try Self.seal()
        let entry = try Self.seal(as: .entry, browser: "m1")
        #expect(try Self.open(entry, as: .entry, browser: "m1") != nil)
        #expect(try Self.open(cookie, as: .entry) == nil)
        #expect(try Self.open(cookie, as: .entry, browser: "m1") == nil)
        #expect(try Self.open(entry, as: .cookie, browser: "m1") == nil)
        #expect(try Self.open(entry, as: .entry, browser: "m2") == nil)
        #expect(try Self.open(entry, as: .entry) == nil)
        for host in ["", "hub.example.org", "bob.hub.example.org", "ada.hub.example.org.", "ada.hub.example.org:x"] {
            #expect(try Self.open(cookie, host: host) == nil, "\(host)")
        }
    }

    @Test(
        arguments: [
            (1_800_000_000, true), (1_799_999_940, true), (1_799_999_939, false), (1_800_003_599, true),
            (1_800_003_600, false), (0, false), (UInt64(UInt32.max) + 1_800_000_000, false),
        ] as [(UInt64, Bool)])
    func aTicketOpensInItsTimeOnly(_ now: UInt64, _ opens: Bool) throws {
        #expect(try (Self.open(Self.seal(), at: now) != nil) == opens)
    }

    @Test func noTicketIsMadeThatWouldNotOpen() throws {
        var seal = TicketSeal(try #require(GateKeys(Self.keys)))
        func isRefused(_ change: (inout Ticket) -> Void, host: String = "h") -> Bool {
            var ticket = Self.ticket
            change(&ticket)
            return seal.seal(ticket, as: .cookie, host: host) == nil
        }
        #expect(isRefused { $0.person = "" })
        #expect(isRefused { $0.session = "" })
        #expect(isRefused { $0.person = String(repeating: "p", count: 65) })
        #expect(isRefused { $0.session = String(repeating: "s", count: 65) })
        #expect(isRefused { $0.expires = $0.issued })
        #expect(isRefused { $0.until = $0.expires - 1 })
        #expect(isRefused { ($0.expires, $0.until) = ($0.issued + 86_401, $0.issued + 86_401) })
        #expect(isRefused({ _ in }, host: ""))
        #expect(isRefused({ _ in }, host: String(repeating: "h", count: 256)))
        #expect(!isRefused { _ in })
    }

    @Test func anyOfTheKeysOpensAndNoOther() throws {
        let text = try Self.seal(keys: [Self.key(6)])
        #expect(try Self.open(text) != nil)
        #expect(try Self.open(text, keys: [Self.key(8), Self.key(7)]) == nil)
        #expect(try Self.open(text, keys: [Self.key(6, 2)]) == nil, "another key under the same number")
    }

    @Test func aBoxOpensAgainAfterARefusal() throws {
        var seal = TicketSeal(try #require(GateKeys(Self.keys)))
        let host = Array("ada.hub.example.org".utf8)
        let good = try Array(Self.seal().utf8)
        var bad = good
        bad[30] ^= 1
        for text in [good, bad, good, bad, bad, good] {
            let opening = seal.open(text.span, as: .cookie, host: host.span, browser: Span(), at: Self.now)
            #expect((opening != nil) == (text == good))
        }
    }

    @Test func anEntryIsExchangedForACookie() throws {
        var seal = TicketSeal(try #require(GateKeys(Self.keys)))
        var ticket = Self.ticket
        (ticket.expires, ticket.until) = (ticket.issued + 60, ticket.issued + 7200)
        let host = Array("ada.hub.example.org:8443".utf8)
        let text = seal.seal(ticket, as: .entry, host: "ada.hub.example.org", browser: "m")
        let (entry, mark) = (try Array(#require(text).utf8), Array("m".utf8))
        let opened = seal.open(entry.span, as: .entry, host: host.span, browser: mark.span, at: Self.now + 30)
        let opening = try #require(opened)
        let isSealed = seal.sealCookie(for: opening, host: host.span, at: Self.now + 30)
        #expect(isSealed)
        let cookie = seal.readText(Self.text)
        #expect(try Self.open(cookie, at: Self.now + 7199) == ["ada", ticket.session])
        #expect(try Self.open(cookie, at: Self.now + 7200) == nil)
    }

    @Test func theMarkOfABrowserIsItsHash() throws {
        let seal = TicketSeal(try #require(GateKeys(Self.keys)))
        let secret = Array("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".utf8)
        var mark = InlineArray<43, UInt8>(repeating: 0)
        seal.mark(ofBrowserKeeping: secret.span, to: &mark)
        #expect(Self.text(mark.span) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }

    @Test func noTwoTicketsAreAlike() throws {
        #expect(try Set((0..<100).map { _ in try Self.seal() }).count == 100)
    }
}

@Suite struct GateKeysTests {
    /// RFC 5869 A.1 has 42 bytes; the first block of its expansion is the key that we take.
    @Test func derivationIsThatOfTheStandard() {
        let key = KeyDerivation.key(
            from: [UInt8](repeating: 0x0b, count: 22), salt: Array(0...12), purpose: Array(0xf0...0xf9))
        #expect(key.hexadecimal == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf")
    }

    @Test func keysOverlapFromDayToDay() {
        let (secret, salt) = ([UInt8](1...32), [UInt8](5...20))
        let today = GateKeys(derivedFrom: secret, salt: salt, at: 20_000 * 86_400 + 5)
        let tomorrow = GateKeys(derivedFrom: secret, salt: salt, at: 20_001 * 86_400)
        #expect(today.keys.map(\.id) == [20_000, 20_001, 19_999])
        #expect(Set(today.keys).intersection(tomorrow.keys).map(\.id).sorted() == [20_000, 20_001])
        #expect(today == GateKeys(derivedFrom: secret, salt: salt, at: 20_000 * 86_400 + 86_399))
        #expect(Set(today.keys.map { $0.reveal() }).count == 3)
        let other = GateKeys(derivedFrom: secret, salt: [1], at: 20_000 * 86_400)
        #expect(Set(today.keys).isDisjoint(with: other.keys))
    }

    @Test func keysThatCannotBeUsedAreRefused() throws {
        #expect(GateKey(id: 1, bytes: [UInt8](repeating: 1, count: 31)) == nil)
        let key = try #require(GateKey(id: 1, bytes: [UInt8](repeating: 1, count: 32)))
        #expect(GateKeys([]) == nil)
        #expect(GateKeys([key, key]) == nil)
        #expect(GateKeys((0..<9).compactMap { GateKey(id: $0, bytes: key.reveal()) }) == nil)
    }

    @Test func aKeyIsNeverPrinted() throws {
        let key = try #require(GateKey(id: 3, bytes: [UInt8](repeating: 0xab, count: 32)))
        let keys = try #require(GateKeys([key]))
        for text in ["\(key)", String(reflecting: key), "\(keys)", String(reflecting: keys)] {
            #expect(!text.contains("171"))
        }
    }
}
