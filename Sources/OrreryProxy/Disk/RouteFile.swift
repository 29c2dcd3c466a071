internal import OrreryCrypto
internal import OrreryModel
internal import OrreryWire

/// The routes as they lie on disk: one line that says how many bytes follow and their digest, one with the position in
/// the hub's feed, and a line of the feed's form for each agent's key and for each route.
///
/// No secret is among them: what a hub says besides its routes, it says again to a proxy that has started anew.
enum RouteFile {
    static let version = 1
    private static let name = "orrery-proxy-routes"

    /// Why a file is not believed.
    enum Fault: Error, Equatable, CustomStringConvertible {
        case notOurs
        case otherVersion(String)
        case wrongLength(expected: Int, found: Int)
        case wrongDigest
        case badLine(Int, String)

        var description: String {
            switch self {
            case .notOurs: "it does not begin like a file of routes"
            case .otherVersion(let version):
                "it has version \(version), and this program reads version \(RouteFile.version)"
            case .wrongLength(let expected, let found): "\(expected) bytes were written and \(found) are there"
            case .wrongDigest: "its bytes are not those that were written"
            case .badLine(let number, let reason): "line \(number): \(reason)"
            }
        }
    }

    /// What a file holds.
    struct Content: Sendable {
        var routes: [RouteSetting] = []
        /// The keys of agents that are let in.
        var agents: [AgentEntry] = []
        var position: FeedPosition?
        /// How many routes stand there that cannot be routes.
        var leftOut = 0
    }

    // MARK: Writing

    /// The bytes of a file with these routes. `lastUse` says when a route was last used.
    static func encode(
        _ routes: [(key: RouteKey, route: Route)], agents: [AgentEntry] = [], position: FeedPosition?,
        lastUse: (Route) -> UInt64
    ) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(routes.count * 160 + 128)
        append(position, to: &body)
        for agent in agents {
            JSONText.append(.object(agent.members), to: &body)
            body.append(UInt8(ascii: "\n"))
        }
        for (key, route) in routes {
            body.append(contentsOf: "{\"set\":".utf8)
            JSONText.append(key.text, to: &body)
            body.append(contentsOf: ",\"route\":{".utf8)
            body.append(contentsOf: route.members)
            body.append(contentsOf: ",\"last_activity\":\"\(ProxyLog.timestamp(lastUse(route)))\"}}\n".utf8)
        }
        return Array("\(name) \(version) \(body.count) \(Digest.sha256.of(body).hexadecimal)\n".utf8) + body
    }

    private static func append(_ position: FeedPosition?, to body: inout [UInt8]) {
        var object: [String: JSON] = [:]
        if let position {
            object["epoch"] = .string(position.epoch)
            object["number"] = .integer(Int64(position.number))
        }
        JSONText.append(.object(object), to: &body)
        body.append(UInt8(ascii: "\n"))
    }

    // MARK: Reading

    /// What `bytes` hold, once length and digest have been found right. Names are not looked up: whoever publishes the
    /// routes sees to that.
    static func decode(_ bytes: [UInt8]) throws(Fault) -> Content {
        guard let end = bytes.prefix(256).firstIndex(of: UInt8(ascii: "\n")) else { throw .notOurs }
        let words = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ")
        guard words.count >= 2, words[0] == name else { throw .notOurs }
        guard words[1] == "\(version)" else { throw .otherVersion(String(words[1].prefix(20))) }
        guard words.count == 4, let length = Int(words[2]) else { throw .notOurs }
        let body = Array(bytes[(end + 1)...])
        guard body.count == length else { throw .wrongLength(expected: length, found: body.count) }
        guard Digest.sha256.of(body).hexadecimal == words[3] else { throw .wrongDigest }
        return try content(body)
    }

    private static func content(_ body: [UInt8]) throws(Fault) -> Content {
        var content = Content()
        // The first line of the file is its head.
        var number = 2
        for line in body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
            let object: [String: JSON]
            do {
                object = try JSON(strict: Array(line)).object ?? [:]
            } catch {
                throw .badLine(number, "\(error)")
            }
            if number == 2 {
                content.position = FeedPosition(object)
            } else if object["agent"] != nil {
                guard let agent = AgentEntry(object) else { throw .badLine(number, "no agent") }
                content.agents.append(agent)
            } else if let route = try route(object, number) {
                content.routes.append(route)
            } else {
                content.leftOut += 1
            }
            number += 1
        }
        return content
    }

    /// Nil for a route that cannot be one: the digest is right, so an earlier version took what this one does not.
    private static func route(_ object: [String: JSON], _ number: Int) throws(Fault) -> RouteSetting? {
        guard let text = object["set"]?.string, let members = object["route"]?.object else {
            throw .badLine(number, "no route")
        }
        return RouteKey(text).flatMap { try? RouteSetting($0, members, resolve: Target.literalAddress) }
    }
}

extension FeedPosition {
    /// Nil when the object says none.
    fileprivate init?(_ object: [String: JSON]) {
        guard let epoch = object["epoch"]?.string, let number = object["number"]?.integer, number >= 0 else {
            return nil
        }
        self.init(epoch: epoch, number: UInt64(number))
    }
}
