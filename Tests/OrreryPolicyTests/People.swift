import Foundation
import OrreryModel

extension Person {
    /// Somebody in `groups`, of which those in `gids` have a number.
    static func named(
        _ name: String = "ada", in groups: Set<String>, gids: [String: UInt32] = [:], uid: UInt32? = 20001,
        gid: UInt32? = 20001
    ) -> Person {
        Person(
            identity: Identity(issuer: "https://issuer.example", subject: name), name: name, uid: uid, gid: gid,
            groups: Set(groups.map { Group(name: $0, gid: gids[$0]) }))
    }
}

extension Date {
    /// A moment before and one after the embargo of the samples ends, and that moment itself.
    static let before = Date(timeIntervalSince1970: 1_814_313_599)
    static let opening = Date(timeIntervalSince1970: 1_814_313_600)
    static let after = Date(timeIntervalSince1970: 1_830_000_000)
}
