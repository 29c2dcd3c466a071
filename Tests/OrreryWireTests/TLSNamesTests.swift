import Testing

@testable import OrreryWire

/// Which certificate a name leads to.
struct TLSNamesTests {
    private let names: TLSNames = {
        var names = TLSNames()
        names.add(["hub.example.org", "*.example.org"], 0)
        names.add(["lab.example.org", "*.lab.example.org", "hub.example.org"], 1)
        return names
    }()

    @Test(arguments: [
        ("hub.example.org", 0), ("HUB.Example.org", 0), ("x.example.org", 0), ("lab.example.org", 1),
        ("ada.lab.example.org", 1), ("example.org", nil), ("a.b.example.org", nil), ("org", nil), ("", nil),
        ("*.example.org", 0), (".example.org", 0),
    ])
    func leadsTo(_ name: String, _ index: Int?) { #expect(names.index(for: name) == index) }
}
