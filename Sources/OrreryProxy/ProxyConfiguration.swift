package import OrreryModel
package import OrreryWire

/// What a proxy is told when it starts. The defaults are those of configurable-http-proxy where it has the option.
package struct ProxyConfiguration: Sendable {
    /// Where to listen: an address or name of this machine, and a port. An empty host is every interface; port 0 is any
    /// free one, which `ProxyServer` then tells.
    package struct Listener: Sendable, Equatable {
        package var host: String
        package var port: UInt16
        /// A Unix socket, in place of both; nil for none.
        package var path: String?

        package init(host: String, port: UInt16) {
            self.host = host
            self.port = port
        }

        package init(path: String) {
            self.init(host: "", port: 0)
            self.path = path
        }
    }

    /// Where plain HTTP is listened for, and the port that it is told to use; nil for the one of `listener`.
    package struct Redirect: Sendable, Equatable {
        package var listener: Listener
        package var port: UInt16?

        package init(listener: Listener, port: UInt16? = nil) {
            self.listener = listener
            self.port = port
        }
    }

    /// For browsers.
    package var listener = Listener(host: "", port: 8000)
    /// For the REST interface that sets routes.
    package var api = Listener(host: "localhost", port: 8001)
    /// Lets another process listen on the same ports, so that a successor can start before this one ends. Without it a
    /// port that somebody has is an error: sharing it unknowingly would take half of its connections.
    package var sharesPorts = false
    /// For metrics and health; nil for nowhere. Whoever reaches it may read them.
    package var metrics: Listener?
    /// Where the hub reaches the APIs of clusters through their agents; nil for nowhere. Only with a hub.
    package var inner: Listener?
    /// Where agents of clusters may dial this proxy, as `host:port`; nil where they know no other than that of their join string.
    package var agentAddress: String?
    /// Who may use the REST interface: whoever says this. Nil lets everybody who reaches it.
    package var token: Secret?
    /// How browsers, and users of the REST interface, are spoken to; nil for plain HTTP.
    package var tls: TLSServerConfiguration?
    package var apiTLS: TLSServerConfiguration?
    /// How `https` targets are spoken to; nil for TLS as usual, with the system's authorities.
    package var clientTLS: TLSClientConfiguration?
    /// Whether the kernel encrypts large answers to browsers, and large uploads to `https` targets, where it can.
    package var usesKernelTLS = true
    /// Where requests go that no route matches: `http://host:port`. The same as a route `/`.
    package var defaultTarget: String?
    /// Whether routes begin with the host they are for, and are found by `Host` and path together.
    package var routesByHost = false
    /// Whom to ask for error pages: `GET <errorTarget>/<status>?url=<path>`.
    package var errorTarget: String?
    /// A directory of error pages, `<status>.html` and `error.html`, in place of that.
    package var errorPath: String?
    /// What requests and answers look like on the other side.
    package var forwarding = ForwardingOptions()
    /// Where plain HTTP is answered with a redirect to `https`; nil for nowhere.
    package var redirect: Redirect?
    /// What the operator should be told about the configuration when the proxy starts.
    package var notes: [String] = []
    /// How many threads relay; each has its own connections and upstream pools.
    package var workers = 1
    /// Where requests are written down; nil for nowhere.
    package var accessLog: AccessLogConfiguration?
    /// The hub whose routes are followed; nil when they are set over the REST interface.
    package var hub: HubAccess?
    /// Where the routes are kept on disk, to be there before the first connection is accepted. Nil: nowhere.
    package var stateDirectory: String?
    package var limits = ProxyLimits()
    package var logLevel = ProxyLog.Level.info
    package var logOutput = ProxyLog.Output.standardError

    package init() {}
}

/// What bounds a proxy. Times in which nothing happens, unless said otherwise.
package struct ProxyLimits: Sendable {
    /// Bytes of a request's or response's head, and of its first line's target; how many fields.
    package var headBytes = 32 << 10
    package var targetBytes = 16 << 10
    package var fields = 200
    /// From the first byte of a head to its end: 408 after that.
    package var head: Duration = .seconds(30)
    /// Between two requests of a client.
    package var idle: Duration = .seconds(75)
    /// A client that neither sends the rest of its body nor reads what it asked for.
    package var stall: Duration = .seconds(300)
    /// How often the rate of an upload is looked at, and the least bytes a second that it must have then. Time in which
    /// the upstream does not take them does not count. 0 is no least rate; then `stall` says how long it may be silent.
    package var upload: Duration = .seconds(30)
    package var uploadRate: UInt64 = 240
    /// A connection of which one side has closed its half and the other does nothing. A browser that is closed looks
    /// like a client that waits for its answer, so this is how long an upstream works for nobody.
    package var halfClosed: Duration = .seconds(60)
    /// From a connection to the end of its handshake, with clients and with upstreams.
    package var handshake: Duration = .seconds(10)
    /// Handshakes that go on at a time, per worker; then the one that takes longest is given up.
    package var handshakes = 1024
    /// Until an upstream accepts: 504 after that.
    package var connect: Duration = .seconds(5)
    /// From the end of a request to the first byte of its answer: 504 after that. A notebook may compute for long.
    package var answer: Duration = .seconds(3600)
    /// While an answer is passed on and nothing of it comes; nil for ever, since a notebook may be silent for long.
    package var quiet: Duration?
    /// How long an upstream connection is kept for the next request, and how many per target and worker.
    package var pooled: Duration = .seconds(30)
    package var pooledPerTarget = 128
    /// How long an unread request body is still taken after a refusal, so that the client sees the refusal.
    package var linger: Duration = .seconds(2)
    /// Until an agent has dialled a connection for a request that found none waiting: 503 after that.
    package var dialBack: Duration = .seconds(2)
    /// How long an agent may be away without a word before what goes over its connections is ended.
    package var absence: Duration = .seconds(60)
    /// How long running requests and WebSockets may go on after `stop()`. A JupyterHub waits about a second.
    package var drain: Duration = .seconds(1)
    /// Connections of both sides per worker; the system's limit of descriptors may be lower.
    package var connections = 200_000
    /// Connections of one client address, or first half of an IPv6 address, over all workers: 429 beyond that. 0 is no
    /// limit. Without `countsLocalAddresses` only addresses of the public Internet are counted, since another proxy, or
    /// whoever translates addresses, has the connections of many.
    package var connectionsPerAddress = 4096
    package var countsLocalAddresses = false
    /// Bytes of a REST request's body.
    package var apiBodyBytes = 1 << 20

    package init() {}
}
