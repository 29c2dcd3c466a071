package import OrreryModel

extension Plan {
    /// The plan as JSON with its members sorted and nothing optional left to the encoder: equal plans give equal bytes, and
    /// a hash of them names the plan. `JSONDecoder` reads it.
    package func canonicalJSON() -> [UInt8] { CanonicalText(self).bytes }

    /// The volumes of the pod: one for each source, in the order of their first mount, since a pod that mounts a claim
    /// under two volume names hangs without an event.
    package var volumes: [Volume] { mounts.volumes }

    /// A source once, however many mounts it has.
    package struct Volume: Hashable, Sendable {
        package let source: Source
        /// Whether every mount of it is.
        package fileprivate(set) var isReadOnly: Bool
    }
}

extension [Plan.Mount] {
    /// Each source once, in the order of its first mount.
    var volumes: [Plan.Volume] {
        var volumes: [Plan.Volume] = []
        for mount in self {
            if let index = volumes.firstIndex(where: { $0.source == mount.source }) {
                volumes[index].isReadOnly = volumes[index].isReadOnly && mount.isReadOnly
            } else {
                volumes.append(Plan.Volume(source: mount.source, isReadOnly: mount.isReadOnly))
            }
        }
        return volumes
    }
}

// The members of each as `Codable` names them, in alphabetical order.

extension Plan: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("bucket", bucket)
            text.member("cluster", cluster)
            text.member("environment", environment)
            text.member("groups", groups)
            text.member("home", home)
            text.member("identity", identity)
            text.member("life", life)
            text.member("mounts", mounts)
            text.member("nodeSelector", nodeSelector)
            text.member("nodes", nodes)
            text.member("options", options)
            text.member("person", person)
            text.member("profile", profile)
            text.member("refusals", refusals)
            text.member("size", size)
            text.member("variables", variables)
        }
    }
}

extension Plan.Environment: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("command", command)
            text.member("image", image)
            text.member("name", name)
            text.member("port", port)
            text.member("title", title)
        }
    }
}

extension Plan.Size: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("cpuLimit", cpuLimit)
            text.member("cpuRequest", cpuRequest)
            text.member("gpu", gpu)
            text.member("gpuResource", gpuResource)
            text.member("memoryLimit", memoryLimit)
            text.member("memoryRequest", memoryRequest)
            text.member("name", name)
        }
    }
}

extension Plan.PodIdentity: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("gid", gid)
            text.member("groupNames", groupNames)
            text.member("supplementalGroups", supplementalGroups)
            text.member("uid", uid)
            text.member("user", user?.rawValue)
            text.member("volumeGroup", volumeGroup)
        }
    }
}

extension Plan.Mount: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("fileset", fileset)
            text.member("inner", inner.rawValue)
            text.member("isReadOnly", isReadOnly)
            text.member("path", path)
            text.member("reliesOnGroups", reliesOnGroups ? true : nil)
            text.member("revoke", revoke.rawValue)
            text.member("source", source)
            text.member("subPath", subPath)
        }
    }
}

extension Plan.Source: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            switch self {
            case .claim(let name): text.member("claim", Associated(value: name))
            case .hostPath(let path): text.member("hostPath", Associated(value: path))
            case .ownClaim(let claim): text.member("ownClaim", Associated(value: claim))
            case .nfs(let export): text.member("nfs", Associated(value: export))
            case .csi(let volume): text.member("csi", Associated(value: volume))
            case .image(let reference): text.member("image", Associated(value: reference))
            }
        }
    }
}

/// The one value of an enumeration's case.
private struct Associated<Value: CanonicallyWritten>: CanonicallyWritten {
    let value: Value

    func write(to text: inout CanonicalText) { text.object { $0.member("_0", value) } }
}

extension Plan.OwnClaim: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("fileset", fileset)
            text.member("modes", modes)
            text.member("name", name)
            text.member("size", size)
            text.member("storageClass", storageClass)
        }
    }
}

extension Plan.NFSExport: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("path", path)
            text.member("server", server)
        }
    }
}

extension Plan.DriverVolume: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("attributes", attributes)
            text.member("driver", driver)
        }
    }
}

extension Plan.Bucket: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("endpoint", endpoint)
            text.member("fileset", fileset)
            text.member("region", region)
            text.member("revoke", revoke.rawValue)
            text.member("role", role)
            text.member("service", service)
        }
    }
}

extension Plan.Life: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("grace", grace)
            text.member("idle", idle)
            text.member("max", max)
            text.member("warn", warn)
        }
    }
}

extension Plan.Nodes: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("priorityClass", priorityClass)
            text.member("pullSecret", pullSecret)
            text.member("runtimeClass", runtimeClass)
            text.member("tolerations", tolerations)
        }
    }
}

extension Plan.Toleration: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("effect", effect)
            text.member("key", key)
            text.member("operator", `operator`)
            text.member("tolerationSeconds", tolerationSeconds)
            text.member("value", value)
        }
    }
}

extension Refusal: CanonicallyWritten {
    func write(to text: inout CanonicalText) {
        text.object { text in
            text.member("reason", reason)
            text.member("remedy", remedy)
            text.member("what", what)
        }
    }
}
