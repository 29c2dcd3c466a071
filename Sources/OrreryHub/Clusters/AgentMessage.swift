import Foundation
import Logging
import OrreryCrypto
import OrreryLink
import OrreryModel

/// Something that an agent said, as a proxy passes it on; or what the proxy itself says about an agent's connection.
struct AgentMessage: Sendable {
    let proxy: String
    let connection: Int64
    /// The key with which the connection was made; the proxy has seen to that.
    let key: AgentPublicKey
    let address: String
    let frame: ControlFrame

    /// Everything in the body of a proxy's call that can be understood. What cannot is told to the log: nobody waits for an
    /// answer to it.
    static func all(in body: JSON?, logger: Logger) throws(HubError) -> [AgentMessage] {
        guard let proxy = body?["proxy"]?.string, ProxyReport.isName(proxy), let frames = body?["frames"]?.array else {
            throw HubError(.badRequest, "`proxy` and `frames` are needed")
        }
        return frames.compactMap { frame in
            do { return try AgentMessage(frame, of: proxy) } catch {
                logger.error(
                    "a proxy brought what no agent says", metadata: ["proxy": "\(proxy)", "error": "\(error)"])
                return nil
            }
        }
    }

    private init(_ json: JSON, of proxy: String) throws(HubError) {
        guard let connection = json["connection"]?.integer, let said = json["frame"],
            let info = json["spki"]?.string.flatMap({ Data(base64Encoded: $0) }),
            let address = json["address"]?.string, address.utf8.count <= 64
        else { throw HubError(.badRequest, "a frame has `connection`, `key`, `spki`, `address` and `frame`") }
        do {
            key = try AgentPublicKey(info: Array(info))
            frame = try ControlFrame(said)
        } catch {
            throw HubError(.badRequest, "a frame cannot be understood", detail: "\(error)")
        }
        guard json["key"]?.string?.isExactly(key.id) ?? false else {
            throw HubError(.badRequest, "`key` is not the id of `spki`")
        }
        (self.proxy, self.connection, self.address) = (proxy, connection, address)
    }
}

/// What an agent is told.
struct AgentAnswer: Sendable {
    var frames: [ControlFrame] = []
    /// Whether its connection ends then.
    var closes = false

    static let nothing = AgentAnswer()

    /// It is refused, and may come again after a while.
    static func denied(_ reason: String, retry: Duration) -> AgentAnswer {
        AgentAnswer(
            frames: [
                ControlFrame("denied", ["reason": .string(reason), "retry": .integer(retry.components.seconds)])
            ], closes: true)
    }

    func json(for connection: Int64) -> JSON {
        ["connection": .integer(connection), "frames": .array(frames.map(\.value)), "close": .bool(closes)]
    }
}
