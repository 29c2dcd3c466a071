import Foundation
import OrreryHub
import OrreryModel
import OrreryProxy
import ServiceLifecycle

/// The proxy inside this process, on threads of its own: nothing that the hub does can hold up a relayed byte.
struct ProxyService: Service {
    private let server: ProxyServer

    init(_ configuration: HubConfiguration) {
        var proxy = ProxyConfiguration()
        proxy.listener = Self.listener(configuration.proxy.listen)
        proxy.api = Self.listener(configuration.proxy.api)
        proxy.token = configuration.proxy.token
        proxy.defaultTarget = "http://\(configuration.listen.reachable)"
        server = ProxyServer(configuration: proxy)
    }

    func run() async throws {
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await runOnThread()
            } onGracefulShutdown: {
                server.stop()
            }
        } onCancel: {
            server.stop()
        }
    }

    private func runOnThread() async throws {
        let server = server
        try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
            let thread = Thread {
                ended.resume(with: Result { try server.run() })
            }
            thread.name = "proxy"
            thread.start()
        }
    }

    private static func listener(_ address: ListenAddress) -> ProxyConfiguration.Listener {
        // The configuration refuses every port beyond 65535.
        ProxyConfiguration.Listener(host: address.host, port: UInt16(clamping: address.port))
    }
}
