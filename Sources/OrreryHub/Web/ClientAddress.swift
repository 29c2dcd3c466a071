/// Where a request comes from, as far as limits need to tell places apart. Of an IPv6 address the first 64 bits: whoever has
/// one has all behind them.
struct ClientAddress: Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(_ address: InternetAddress?) {
        guard let address else {
            description = "unknown"
            return
        }
        let network = InternetAddress(Array(address.bytes.prefix(8)) + Array(repeating: 0, count: 8))
        description = address.bytes.count == 4 ? "\(address)" : "\(network)/64"
    }
}
