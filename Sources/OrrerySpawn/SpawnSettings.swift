/// What is the same for all sessions of a hub.
package struct SpawnSettings: Hashable, Sendable {
    /// The hub's name on its pods: a valid label value, and never that of another hub on the same cluster.
    package var hub: String
    package var patience: Patience

    package init(hub: String = "orrery", patience: Patience = Patience()) {
        precondition(LabelValue.isValid(hub), "the hub's name must be a valid label value: \(hub)")
        self.hub = hub
        self.patience = patience
    }
}

/// How long a session may stay in one kind of trouble before it is given up.
package struct Patience: Hashable, Sendable {
    /// From the click to the answer, all in all.
    package var start: Duration = .seconds(600)
    /// No node has room.
    package var room: Duration = .seconds(120)
    /// No node has room, and the cluster is adding one.
    package var growth: Duration = .seconds(900)
    package var volumes: Duration = .seconds(120)
    /// A claim has no volume yet.
    package var claims: Duration = .seconds(60)
    /// A node has the pod and says nothing about it.
    package var silence: Duration = .seconds(180)
    /// A node cannot make the pod's network.
    package var sandbox: Duration = .seconds(60)
    /// The registry is out of order, or the network to it.
    package var image: Duration = .seconds(300)
    /// Something that the container needs is missing.
    package var configuration: Duration = .seconds(15)
    /// The program runs, but its kubelet gets no answer from it.
    package var listening: Duration = .seconds(120)
    /// Ready for the cluster, but no answer through the proxy.
    package var answer: Duration = .seconds(60)
    /// Beyond its grace, until a stop is called stuck.
    package var stop: Duration = .seconds(60)
    /// How long a session may go on whose person lost a right, where the profile has no time for warnings.
    package var revocation: Duration = .seconds(300)

    package init() {}
}
