import Foundation
import OrreryModel
import Synchronization

/// Which refusals stand in the audit log already, so that strangers cannot fill it: a key's once an hour, and ten keys' of one
/// address, or of one /64 of IPv6.
final class RefusedStrangers: Sendable {
    private struct Hour {
        let end: Date
        var keys: Set<String>
    }

    private static let keysAtMost = 10
    private static let networksAtMost = 1000
    private let hours = Mutex<[String: Hour]>([:])

    func isNews(_ key: String, from address: String, at now: Date) -> Bool {
        let network = Self.network(of: address)
        return hours.withLock { hours in
            if hours.count >= Self.networksAtMost { hours = hours.filter { now < $0.value.end } }
            guard hours[network] != nil || hours.count < Self.networksAtMost else { return false }
            var hour = hours[network].flatMap { now < $0.end ? $0 : nil } ?? Hour(end: now + 3600, keys: [])
            guard hour.keys.count < Self.keysAtMost, hour.keys.insert(key).inserted else { return false }
            hours[network] = hour
            return true
        }
    }

    private static func network(of text: String) -> String {
        guard let address = InternetAddress(text) else { return "unknown" }
        return InternetAddress(Array(address.bytes.prefix(address.bytes.count == 16 ? 8 : 4))).networkText
    }
}

extension InternetAddress {
    fileprivate var networkText: String { bytes.map { String($0) }.joined(separator: ".") }
}
