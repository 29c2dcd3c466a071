import Foundation
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryHub

/// A proxy as the hub sees it: reads its feed line by line, as far as a test wants.
final class Follower {
    private var chunks: FetchStream.Iterator
    private var rest: [UInt8] = []

    init(_ stream: FetchStream) { chunks = stream.makeAsyncIterator() }

    /// The next `count` lines.
    func lines(_ count: Int) async throws -> [JSON] {
        var lines: [JSON] = []
        while lines.count < count {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(try JSONDecoder().decode(JSON.self, from: Data(rest[..<end])))
                rest.removeFirst(end + 1)
            } else {
                rest += try #require(try await chunks.next(), "the feed has ended")
            }
        }
        return lines
    }

    /// Whether the hub has ended the feed.
    func hasEnded() async throws -> Bool {
        while let chunk = try await chunks.next() { rest += chunk }
        return true
    }
}

extension TestHub {
    private static var proof: (String, String) { ("Authorization", "Bearer \(proxyToken)") }

    /// Follows the feed as a proxy of this name, that has got as far as `position`.
    func follow(_ name: String, after position: ProxyFeed.Position? = nil) async throws -> Follower {
        let after = position.map { "&epoch=\($0.epoch)&after=\($0.number)" } ?? ""
        let stream = try await fetcher.stream(
            FetchRequest(
                url: "http://127.0.0.1:\(port)/api/v1/proxy/feed?proxy=\(name)\(after)", headers: [Self.proof],
                limit: .seconds(60)))
        try #require(stream.status == 200)
        return Follower(stream)
    }

    /// Says how far the proxy of this name is, and which routes were used there.
    @discardableResult
    func report(_ name: String, _ number: UInt64?, activity: [String: JSON] = [:]) async throws -> Int {
        var body: JSON = ["proxy": .string(name), "activity": .object(activity)]
        if let number {
            body["epoch"] = .string(services.proxy.feed.epoch)
            body["number"] = .integer(Int64(number))
        }
        let text = String(decoding: try JSONEncoder().encode(body), as: UTF8.self)
        return try await send("POST", "/api/v1/proxy/activity", headers: [Self.proof], body: text).status
    }
}
