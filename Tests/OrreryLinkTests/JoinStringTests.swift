import OrreryLink
import OrreryModel
import Testing

struct JoinStringTests {
    private static let pin = [UInt8](0..<32)
    private static let pinText = "sha256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    @Test(arguments: [
        ("orrery://hub.example.org", JoinString(host: "hub.example.org")),
        ("orrery://hub.example.org:8443", JoinString(host: "hub.example.org", port: 8443)),
        ("orrery://hub.example.org/", JoinString(host: "hub.example.org")),
        (
            "orrery://h/k7m2qd.9nybj0526mjw1jbf",
            JoinString(host: "h", token: JoinToken("k7m2qd.9nybj0526mjw1jbf"))
        ),
        ("orrery://192.0.2.7:1#pin=\(pinText)", JoinString(host: "192.0.2.7", port: 1, pins: [pin])),
        ("orrery://[2001:db8::1]:444", JoinString(host: "2001:db8::1", port: 444)),
        ("orrery://[::1]", JoinString(host: "::1")),
        ("  orrery://h\r\n", JoinString(host: "h")),
    ])
    func isRead(_ text: String, _ expected: JoinString) throws { #expect(try JoinString(text) == expected) }

    @Test(arguments: [
        "orrery://hub.example.org", "orrery://[2001:db8::1]:444",
        "orrery://h:99/k7m2qd.9nybj0526mjw1jbf#pin=\(pinText),\(pinText)",
    ])
    func isWrittenAsItWasRead(_ text: String) throws { #expect(try JoinString(text).reveal() == text) }

    @Test(arguments: [
        ("", "is empty"), ("http://hub", "does not begin"), ("orrery://", "names no host"),
        ("orrery://:443", "names no host"), ("orrery://h:0", "a port"), ("orrery://h:65536", "a port"),
        ("orrery://h:+1", "a port"), ("orrery://h:", "a port"), ("orrery://h_x", "a host"), ("orrery://::1", "a host"),
        ("orrery://[::1", "brackets"), ("orrery://[]", "brackets"), ("orrery://h /x", "a blank"),
        ("orrery://h/k7m2qd", "a token"), ("orrery://h/K7m2qd.9nybj0526mjw1jbf", "a token"),
        ("orrery://h/k7m2qd.9nybj0526mjw1jbf.x", "a token"), ("orrery://h/k7m2qd.9nybj0526mjw1jbf/", "a token"),
        ("orrery://h#key=x", "other than pin="), ("orrery://h#pin=", "a pin"), ("orrery://h#pin=sha256:AAEC", "a pin"),
        ("orrery://h#pin=sha512:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "a pin"),
        ("orrery://h#pin=" + [String](repeating: pinText, count: 9).joined(separator: ","), "more than 8"),
        ("orrery://" + String(repeating: "h", count: 4100), "longer"), ("orrery://hüb", "ASCII"),
    ])
    func isRefusedInWords(_ text: String, _ word: String) {
        let error = #expect(throws: LinkError.self) { try JoinString(text) }
        #expect("\(String(describing: error))".contains(word) == true)
    }

    @Test func aTokenIsNotPrinted() throws {
        let token = try #require(JoinToken("k7m2qd.9nybj0526mjw1jbf"))
        #expect(!"\(token)".contains("9nyb") && token.reveal() == "k7m2qd.9nybj0526mjw1jbf")
        let error = #expect(throws: LinkError.self) { try JoinString("orrery://h/k7m2qd.9nybj0526mjw1jbf!") }
        #expect(!"\(String(describing: error))".contains("9nyb"))
    }

    @Test(
        arguments: [
            ([], ""), ([0], "AA=="), ([251, 255], "+/8="), ([1, 2, 3], "AQID"),
        ] as [([UInt8], String)])
    func base64IsTheStandardOne(_ bytes: [UInt8], _ text: String) {
        #expect(Base64.encode(bytes) == text)
        #expect(Base64.decode(text.utf8) == bytes)
    }

    @Test(arguments: ["A", "AA=", "AA===", "-_8=", "AB==", "A A=", "===="])
    func otherBase64IsRefused(_ text: String) { #expect(Base64.decode(text.utf8) == nil) }
}
