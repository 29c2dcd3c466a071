extension Policy {
    /// The same for clusters that joined after the documents were written: what each is trusted with, by its name. One without a
    /// binding has no filesets and every size.
    package func adding(_ joined: [String: Set<String>]) -> Policy {
        var bindings = bindings
        for (name, trust) in joined {
            var binding = bindings[name] ?? ClusterBinding(cluster: name, sources: [:])
            binding.trust = trust
            bindings[name] = binding
        }
        return Policy(self, bindings: Array(bindings.values))
    }
}
