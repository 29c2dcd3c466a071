import OrreryWire
import Testing

@testable import OrreryProxy

struct AddressBookTests {
    @Test func aBookCountsLikeADictionary() {
        let book = AddressBook()
        var reference: [UInt64: UInt32] = [:]
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200_000 {
            // Few enough that networks meet, many enough that places do.
            let network = UInt64.random(in: 1...60_000, using: &random)
            if Bool.random(using: &random) {
                reference[network, default: 0] += 1
                #expect(book.open(network) == reference[network])
            } else if let count = reference[network] {
                reference[network] = count == 1 ? nil : count - 1
                book.close(network)
            }
        }
        for (network, count) in reference { #expect(book.open(network) == count + 1) }
    }

    @Test func aFullBookLetsIn() {
        let book = AddressBook()
        let counts = (1...60_000).map { book.open(UInt64($0)) }
        #expect(counts.first == 1 && counts.last == 0)
        book.close(60_000)
        #expect(book.open(1) == 2)
    }

    @Test(arguments: [
        ("8.8.8.8", true), ("10.0.0.1", false), ("127.0.0.1", false), ("172.16.0.1", false), ("172.32.0.1", true),
        ("192.168.1.1", false), ("100.64.0.1", false), ("169.254.1.1", false), ("2001:db8::1", true),
        ("fd00::1", false), ("fe80::1", false), ("::1", false),
    ])
    func onlyTheInternetIsPublic(_ text: String, _ isPublic: Bool) throws {
        #expect(try #require(SocketAddress.resolve(text, port: 1)).isPublic == isPublic)
    }

    @Test func aNetworkIsAnAddressOrHalfOfOne() throws {
        let network = { (text: String) in try #require(SocketAddress.resolve(text, port: 1)).network }
        #expect(try network("198.51.100.7") != network("198.51.100.8"))
        #expect(try network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9"))
        #expect(try network("2001:db8:1:2::1") != network("2001:db8:1:3::1"))
    }
}
