import Foundation
import OrreryModel

/// What a proxy says about itself: `{"proxy": "…", "epoch": "…", "number": 9, "activity": {"/user/ada": 1795256559123}}`.
struct ProxyReport: Sendable {
    let proxy: String
    /// Up to where it follows; nil before it has got anything.
    let position: ProxyFeed.Position?
    /// When routes were last used, by their prefixes.
    let activity: [(prefix: String, at: Date)]

    /// Refuses what cannot be understood. A moment that has not come yet is `now`: clocks of machines differ.
    init(_ body: JSON?, now: Date) throws(HubError) {
        guard let proxy = body?["proxy"]?.string, Self.isName(proxy) else {
            throw HubError(.badRequest, "`proxy` must be 1 to 64 letters, digits, hyphens and underscores")
        }
        self.proxy = proxy
        position = body?["epoch"]?.string.flatMap { epoch in
            body?["number"]?.integer.flatMap { UInt64(exactly: $0) }.map { .init(epoch: epoch, number: $0) }
        }
        var activity: [(prefix: String, at: Date)] = []
        for (prefix, value) in body?["activity"]?.object ?? [:] {
            guard let milliseconds = value.number, milliseconds >= 0 else {
                throw HubError(.badRequest, "`activity` has milliseconds since 1970")
            }
            activity.append((prefix, min(now, Date(timeIntervalSince1970: milliseconds / 1000))))
        }
        self.activity = activity
    }

    /// Whether a follower may call itself so.
    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isOfName)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
