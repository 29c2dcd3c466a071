import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import OrreryModel
import Testing

@testable import OrreryPocket

/// What a request came back with.
struct Reply: Sendable {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: String

    var json: JSON { (try? JSON(parsing: Array(body.utf8))) ?? .null }
    var reason: String? { json["reason"]?.string }
    var message: String? { json["message"]?.string }

    func all(_ name: String) -> [String] { headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value) }
}

/// A plain HTTP/1.1 client, one connection per request, that sees what is on the wire.
struct PocketClient: Sendable {
    let port: Int
    var token: String? = "admin-token"

    func `as`(_ token: String?) -> PocketClient { PocketClient(port: port, token: token) }

    /// Asks, and runs `begun` once something of the answer's body has come.
    func get(_ path: String, begun: @Sendable () async throws -> Void = {}) async throws -> Reply {
        try await send("GET", path, begun: begun)
    }

    func delete(_ path: String, _ options: JSON? = nil) async throws -> Reply {
        try await send("DELETE", path, options.map { Array($0.text.utf8) })
    }

    func post(_ path: String, _ object: JSON) async throws -> Reply {
        try await send("POST", path, Array(object.text.utf8))
    }

    func patch(_ path: String, _ patch: JSON, type: String = "application/merge-patch+json") async throws -> Reply {
        try await send("PATCH", path, Array(patch.text.utf8), headers: [("Content-Type", type)])
    }

    func send(
        _ method: String, _ path: String, _ body: [UInt8]? = nil, headers: [(String, String)] = [],
        begun: @Sendable () async throws -> Void = {}
    ) async throws -> Reply {
        try await connected { channel in
            try await channel.executeThenClose { inbound, outbound in
                try await write(method, path, body, headers, to: outbound)
                var (status, fields, bytes) = (0, [(name: String, value: String)](), [UInt8]())
                for try await part in inbound {
                    switch part {
                    case .head(let head):
                        status = Int(head.status.code)
                        fields = head.headers.map { ($0.name, $0.value) }
                    case .body(let buffer):
                        if bytes.isEmpty { try await begun() }
                        bytes += Array(buffer.readableBytesView)
                    case .end:
                        return Reply(status: status, headers: fields, body: String(decoding: bytes, as: UTF8.self))
                    }
                }
                throw ChannelError.eof
            }
        }
    }

    /// Opens a watch, tells `opened` its status, and hands over line by line until `each` says false or the server
    /// ends it. Answers whether the server ended it.
    @discardableResult
    func watch(
        _ path: String, opened: @Sendable () async throws -> Void = {}, each: (JSON) throws -> Bool
    ) async throws -> Bool {
        try await connected { channel in
            try await channel.executeThenClose { inbound, outbound in
                try await write("GET", path, nil, [], to: outbound)
                var rest: [UInt8] = []
                for try await part in inbound {
                    switch part {
                    case .head(let head):
                        #expect(head.status.code == 200)
                        try await opened()
                    case .body(let buffer):
                        rest += Array(buffer.readableBytesView)
                        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                            let line = try JSON(parsing: Array(rest[..<end]))
                            rest.removeFirst(end + 1)
                            if try !each(line) { return false }
                        }
                    case .end: return true
                    }
                }
                return true
            }
        }
    }

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    private func connected<Value>(_ work: (Connection) async throws -> Value) async throws -> Value {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        return try await work(channel)
    }

    private func write(
        _ method: String, _ path: String, _ body: [UInt8]?, _ own: [(String, String)],
        to outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
    ) async throws {
        var headers = HTTPHeaders(own)
        headers.add(name: "Host", value: "127.0.0.1:\(port)")
        if let token { headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            headers.add(name: "Content-Length", value: "\(body.count)")
            if !headers.contains(name: "Content-Type") { headers.add(name: "Content-Type", value: "application/json") }
        }
        let head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: path, headers: headers)
        try await outbound.write(.head(head))
        if let body { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
        try await outbound.write(.end(nil))
    }
}
