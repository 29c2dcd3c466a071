/// The way of a request as `X-Forwarded-For` tells it: every machine on it wrote behind the others whom it saw.
///
/// Only its end can be believed, which our own proxy wrote, and what stands before an address of a machine that is believed.
/// Where something is no address, nothing before it counts.
///
/// It is read when somebody asks: most requests are for nobody's eyes.
struct ForwardedFor: Sendable {
    private let field: String?

    /// Longer ways are nobody's.
    private static let most = 16

    init(_ field: String?) { self.field = field }

    /// From the nearest on.
    private var addresses: [InternetAddress] {
        let entries = (field ?? "").utf8.suffix(1024).split(separator: UInt8(ascii: ","))
        var addresses: [InternetAddress] = []
        for entry in entries.reversed().prefix(Self.most) {
            let text = String(decoding: entry, as: UTF8.self).filter { $0 != " " && $0 != "\t" }
            guard let address = InternetAddress(text) else { break }
            addresses.append(address)
        }
        return addresses
    }

    /// Who sent the request: the nearest that is no machine of `believed`. Nil when no address is here.
    func sender(behind believed: [InternetNetwork]) -> InternetAddress? {
        let addresses = addresses
        return addresses.first { address in !believed.contains { $0.contains(address) } } ?? addresses.last
    }

    /// For people, in the order of the field: the nearest few.
    var words: String? {
        let nearest = addresses.prefix(4)
        return nearest.isEmpty ? nil : nearest.reversed().map(\.description).joined(separator: ", ")
    }
}
