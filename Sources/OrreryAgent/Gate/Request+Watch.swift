import Hummingbird
import NIOCore
import OrreryKubernetes
import OrreryServing
import ServiceLifecycle

extension Request {
    /// The lines of a watch as they come. A client that goes ends it at the cluster too, where nothing may happen for long;
    /// afterwards the connection takes no further request. A shutdown ends it properly.
    func watch(_ answer: StreamedAnswer) -> ResponseBody {
        ResponseBody { writer in
            let reading = WatchReading(answer)
            try await whileConnected(left: { reading.end() }) {
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
