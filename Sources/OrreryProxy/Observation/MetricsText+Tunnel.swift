internal import OrreryLink

extension MetricsText {
    /// Connections to clusters that cannot be dialled. A cluster without any traffic has zeros, so that its first shows.
    mutating func addTunnel(_ tunnel: Tunnel) {
        let all = tunnel.figures.all
        add(
            .gauge, "orrery_proxy_agents", "Agents that are connected, by cluster.", by: "cluster",
            all.map { ($0.name, UInt64($0.figures.agents)) })
        add(
            .gauge, "orrery_proxy_tunnel_idle", "Data connections that wait, by cluster.", by: "cluster",
            all.map { ($0.name, UInt64($0.figures.idle)) })
        add(
            .gauge, "orrery_proxy_tunnel_bound", "Data connections that are in use, by cluster.", by: "cluster",
            all.map { ($0.name, UInt64(max(0, $0.figures.bound))) })
        add(
            .counter, "orrery_proxy_tunnel_hits_total", "Data connections that were there when one was asked for.",
            by: "cluster", all.map { ($0.name, $0.figures.hits) })
        add(
            .counter, "orrery_proxy_tunnel_misses_total", "Requests that had to wait for a data connection.",
            by: "cluster", all.map { ($0.name, $0.figures.misses) })
        add(
            .counter, "orrery_proxy_tunnel_expired_total", "Requests that waited for one in vain.", by: "cluster",
            all.map { ($0.name, $0.figures.expired) })
        addTwo(
            "orrery_proxy_tunnel_refusals_total", "Hand-offs that an agent refused, by the code of docs/tunnel.md.",
            ("cluster", "code"),
            all.flatMap { entry in
                entry.figures.refusals.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                    (entry.name, "\($0.key.rawValue)", Double($0.value))
                }
            }, .counter)
        addTwo(
            "orrery_proxy_tunnel_round_trip_seconds", "The round trip to a cluster's agent.", ("cluster", ""),
            all.compactMap { entry in entry.figures.roundTrip.map { (entry.name, "", $0 / 1000) } }, .gauge)
        add(
            .gauge, "orrery_proxy_tunnel_letters", "Words of agents that wait for the hub.",
            UInt64(tunnel.postman.count))
    }
}
