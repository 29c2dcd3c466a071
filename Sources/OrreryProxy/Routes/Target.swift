package import OrreryWire

/// Where a route leads, perhaps with a path and a query that are put before every request's:
///
/// * `http://host:port/path`, and `https://host:port/path`, whose certificate must name the host;
/// * `unix:/path/of/socket`, or with a path `http+unix://%2Fpath%2Fof%2Fsocket/path`;
/// * `cluster:name/pod:port/path`, a pod that a connection from its cluster leads to.
package struct Target: Hashable, Sendable {
    package enum Place: Hashable, Sendable {
        case tcp(host: String, port: UInt16)
        case tls(host: String, port: UInt16)
        case unix(path: String)
        case cluster(name: String, pod: String, port: UInt16)
        /// The API of a cluster, which is for the hub alone: no text says it.
        case api(cluster: String)
    }

    package let place: Place
    /// Without its last slash; empty when there is none.
    package let path: String
    /// What stands before every request's query, without question mark; empty when there is none.
    package let query: String
    /// Whether the resolver is needed to find its address.
    package let isNamed: Bool

    init(place: Place, path: String, query: String) {
        self.place = place
        self.path = path
        self.query = query
        isNamed = Self.isNamed(place)
    }
}

extension Target {
    /// What a request to it says as its host when the client said none. The port that its scheme has anyway is left out.
    package var authority: String {
        switch place {
        case .tcp(let host, let port): Self.authority(host, port == 80 ? nil : port)
        case .tls(let host, let port): Self.authority(host, port == 443 ? nil : port)
        case .unix: "localhost"
        case .cluster(_, let pod, let port): "\(pod):\(port)"
        case .api: "kubernetes"
        }
    }

    private static func authority(_ host: String, _ port: UInt16?) -> String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port.map { "\(name):\($0)" } ?? name
    }

    /// The place in words, for the operator.
    package var name: String {
        switch place {
        case .tcp(let host, let port), .tls(let host, let port): Self.authority(host, port)
        case .unix(let path): "unix:\(path)"
        case .cluster(let name, let pod, let port): "cluster:\(name)/\(pod):\(port)"
        case .api(let cluster): "the API of cluster \(cluster)"
        }
    }

    /// What its address does not say; nil for plain TCP.
    var peer: Peer? {
        switch place {
        case .tcp: nil
        case .tls(let host, _): .tls(name: host)
        case .unix(let path): .unix(path: path)
        case .cluster(let name, let pod, let port): .cluster(name: name, pod: pod, port: port)
        case .api(let cluster): .api(cluster: cluster)
        }
    }

    /// The host to be looked up, if there is one.
    private var host: (name: String, port: UInt16)? {
        switch place {
        case .tcp(let host, let port), .tls(let host, let port): (host, port)
        case .unix, .cluster, .api: nil
        }
    }

    private static func isNamed(_ place: Place) -> Bool {
        switch place {
        case .tcp(let host, _), .tls(let host, _):
            !host.utf8.contains(UInt8(ascii: ":")) && !host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || $0 &- 48 < 10 }
        case .unix, .cluster, .api: false
        }
    }

    /// Its address as the system finds it now; `.none` for what has none. Nil when the name is not found. Blocks while
    /// it is looked up.
    package func resolve() -> SocketAddress? {
        guard let host else { return SocketAddress.none }
        return SocketAddress.resolve(host.name, port: host.port)
    }

    /// The same without looking anything up: nil for a name. Never blocks.
    static func literalAddress(_ target: Target) -> SocketAddress? { target.isNamed ? nil : target.resolve() }
}
