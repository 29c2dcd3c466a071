import Foundation
import OrreryHub
import OrreryModel
import OrreryProxy
import ServiceLifecycle

/// The proxy inside this process, on threads of its own: nothing that the hub does can hold up a relayed byte.
struct ProxyService: Service {
    private let server: ProxyServer

    /// Binds the proxy's ports: what is wrong with them is known before anything runs.
    init(_ configuration: HubConfiguration) throws(ProxyError) {
        var proxy = ProxyConfiguration()
        proxy.listener = Self.listener(configuration.proxy.listen)
        proxy.api = Self.listener(configuration.proxy.api)
        // The same way as any other proxy's: over the hub's own port.
        let url = "http://\(configuration.listen.reachable)"
        guard let hub = HubAccess(url: url, token: configuration.proxy.token) else {
            throw .badHub(option: "hub.listen", value: url)
        }
        proxy.hub = hub
        if let inner = configuration.proxy.inner {
            proxy.inner = Self.listener(inner)
            // Where the key lies by which agents know a proxy without a certificate.
            proxy.stateDirectory = configuration.database + ".proxy"
        }
        server = try ProxyServer(configuration: proxy)
    }

    func run() async {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await runOnThread()
            } onGracefulShutdown: {
                server.stop()
            }
        } onCancel: {
            server.stop()
        }
    }

    private func runOnThread() async {
        let server = server
        await withCheckedContinuation { ended in
            let thread = Thread {
                server.run()
                ended.resume()
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
