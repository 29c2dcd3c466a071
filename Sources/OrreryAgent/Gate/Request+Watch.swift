import Hummingbird
import HummingbirdCore
import NIOCore
import OrreryKubernetes
import ServiceLifecycle

extension Request {
    /// The lines of a watch as they come. A client that goes ends it at the cluster too, where nothing may happen for long;
    /// afterwards the connection takes no further request. A shutdown ends it properly.
    func watch(_ answer: StreamedAnswer) -> ResponseBody {
        ResponseBody { writer in
            let reading = WatchReading(answer)
            let (ending, end) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup { group in
                defer { end.finish() }
                group.addTask {
                    try await body.consumeWithInboundCloseHandler { rest in
                        // To its end first: the library does not survive being left before it.
                        for try await _ in rest {}
                        for await _ in ending {}
                    } onInboundClosed: {
                        reading.end()
                    }
                }
                try await withGracefulShutdownHandler {
                    while let chunk = try await reading.next() { try await writer.write(ByteBuffer(bytes: chunk)) }
                } onGracefulShutdown: {
                    reading.end()
                }
            }
            try await writer.finish(nil)
        }
    }
}
