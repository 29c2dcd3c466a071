import NIOCore
import NIOHTTP1
import NIOPosix

/// Takes connections and reads requests; what is written back is bytes, so that it need not be HTTP.
struct Listener: Sendable {
    typealias Writer = NIOAsyncChannelOutboundWriter<ByteBuffer>
    /// Answers one request; false closes the connection.
    typealias Handle = @Sendable (Incoming, Writer) async throws -> Bool

    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, ByteBuffer>

    private let server: NIOAsyncChannel<Connection, Never>

    var port: Int { server.channel.localAddress?.port ?? 0 }

    init(port: Int) async throws {
        server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 1024)
            .bind(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    return try Connection(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(
                            inboundType: HTTPServerRequestPart.self, outboundType: ByteBuffer.self))
                }
            }
    }

    /// Serves until the task is cancelled.
    func serve(_ handle: @escaping Handle) async throws {
        // A task of its own, which is not cancelled but runs out of connections: one that was taken and never looked at
        // would end the process.
        let serving = Task {
            try await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask { try? await Self.serve(connection, handle) }
                    }
                    group.cancelAll()
                }
            }
        }
        try await withTaskCancellationHandler {
            try await serving.value
        } onCancel: {
            server.channel.close(promise: nil)
        }
    }

    private static func serve(_ connection: Connection, _ handle: @escaping Handle) async throws {
        try await connection.executeThenClose { inbound, outbound in
            let (requests, feed) = AsyncStream.makeStream(of: Incoming.self)
            // What is read and what is answered are two tasks: a client that leaves ends what is being answered.
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await read(inbound) { feed.yield($0) }
                    throw CancellationError()
                }
                group.addTask {
                    for await request in requests where try await !handle(request, outbound) { break }
                }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    private static func read(
        _ parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>, _ take: (Incoming) -> Void
    ) async throws {
        var head: HTTPRequestHead?
        var body: [UInt8] = []
        for try await part in parts {
            switch part {
            case .head(let next): (head, body) = (next, [])
            case .body(let bytes): body += bytes.readableBytesView
            case .end:
                guard let head else { continue }
                take(
                    Incoming(
                        method: head.method.rawValue, target: head.uri,
                        headers: head.headers.map { (name: $0.name, value: $0.value) }, body: body))
            }
        }
    }
}

extension Listener.Writer {
    func write(_ bytes: [UInt8]) async throws { try await write(ByteBuffer(bytes: bytes)) }

    /// A whole answer.
    func answer(_ status: Int, _ headers: [(String, String)], _ body: [UInt8]) async throws {
        var head = "HTTP/1.1 \(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        head += "Content-Length: \(body.count)\r\n\r\n"
        try await write(Array(head.utf8) + body)
    }

    func chunk(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        try await write(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
    }
}
