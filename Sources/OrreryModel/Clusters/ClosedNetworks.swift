/// What a session never reaches though the Internet is open to it: private networks, in which storage servers and the API server
/// are, the link, on which clouds answer with the machine's credentials, carriers' networks, loopback, and what is no unicast
/// address. The one list for the manifests of a hub and of an agent.
package enum ClosedNetworks {
    package static let v4 = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/4", "240.0.0.0/4",
    ]
    /// Without `::ffff:0:0/96`: what is sent there leaves as IPv4, and API servers, which read it as IPv4, do not find it in `::/0`.
    package static let v6 = ["::1/128", "fc00::/7", "fe80::/10", "ff00::/8", "64:ff9b::/96"]
}
