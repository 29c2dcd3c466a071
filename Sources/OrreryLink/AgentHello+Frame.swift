package import OrreryModel

extension AgentHello {
    package var frame: ControlFrame {
        var about: [String: JSON] = [
            "uid": .string(cluster.uid), "kubernetes": .string(cluster.kubernetes),
            "namespaces": .array(cluster.namespaces.map(JSON.string)),
        ]
        about["name"] = cluster.name.map(JSON.string)
        var members: [String: JSON] = [
            "protocol": .integer(Self.protocol), "agent": .string(agent.text), "version": .string(version),
            "time": .integer(time), "host": .string(host), "cluster": .object(about),
        ]
        if !join.isEmpty {
            var evidence: [String: JSON] = [:]
            evidence["token"] = join.token.map { .string($0.reveal()) }
            evidence["oidc"] = join.oidc.map { .string($0.reveal()) }
            evidence["chain"] = join.chain.map(JSON.string)
            evidence["proof"] = join.proof.map(JSON.string)
            members["join"] = .object(evidence)
        }
        return ControlFrame("hello", members)
    }

    /// Reads a `hello`. Members that are not known are passed over; of those that are, each is what it should be.
    package init(_ frame: ControlFrame) throws(LinkError) {
        guard frame.type.isExactly("hello") else { throw .frame("other than hello comes first") }
        guard frame["protocol"]?.integer == Self.protocol else {
            throw .frame("hello has another protocol than \(Self.protocol)")
        }
        guard let agent = frame["agent"]?.string.flatMap({ AgentID($0) }) else {
            throw .frame("hello has no agent of 16 hexadecimal digits")
        }
        guard let time = frame["time"]?.integer, Self.times.contains(time) else {
            throw .frame("hello has no time between the years 1970 and 9999")
        }
        self.init(
            agent: agent, version: try Self.text(frame["version"], "version"), time: time,
            host: try Self.text(frame["host"], "host"), cluster: try Self.cluster(frame["cluster"]),
            join: try Self.join(frame["join"]))
    }

    /// Whoever compares a time takes differences of it, and writes it as a date.
    package static var times: ClosedRange<Int64> { 0...253_402_300_799 }

    private static func cluster(_ value: JSON?) throws(LinkError) -> Cluster {
        guard let value, value.object != nil else { throw .frame("hello has no cluster") }
        let uid = try text(value["uid"], "cluster.uid")
        guard !uid.isEmpty, uid.utf8.allSatisfy({ $0.isLetterOrDigit || $0 == 45 }) else {
            throw .frame("hello has a cluster.uid that is none")
        }
        guard let namespaces = Cluster.namespaces(value["namespaces"]) else {
            throw .frame("hello has namespaces that are not up to 256 names")
        }
        return Cluster(
            name: try plain(optionalText(value["name"], "cluster.name"), "cluster.name"), uid: uid,
            kubernetes: try text(value["kubernetes"], "cluster.kubernetes"), namespaces: namespaces)
    }

    private static func join(_ value: JSON?) throws(LinkError) -> Join {
        guard let value else { return Join() }
        guard value.object != nil else { throw .frame("hello has a join that is no object") }
        return Join(
            token: try optionalText(value["token"], "join.token").map(Secret.init),
            oidc: try optionalText(value["oidc"], "join.oidc", limit: 12_288).map(Secret.init),
            chain: try optionalText(value["chain"], "join.chain", limit: 12_288),
            proof: try optionalText(value["proof"], "join.proof", limit: 2048))
    }

    private static func text(_ value: JSON?, _ name: String) throws(LinkError) -> String {
        guard let text = try plain(optionalText(value, name), name) else { throw .frame("hello has no \(name)") }
        return text
    }

    /// What people read is shown in terminals and in logs.
    private static func plain(_ text: String?, _ name: String) throws(LinkError) -> String? {
        guard text?.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) ?? true else {
            throw .frame("hello has a \(name) with control characters")
        }
        return text
    }

    private static func optionalText(_ value: JSON?, _ name: String, limit: Int = 253) throws(LinkError) -> String? {
        guard let value, value != .null else { return nil }
        guard let text = value.string, text.utf8.count <= limit else {
            throw .frame("hello has a \(name) that is no text of at most \(limit) bytes")
        }
        return text
    }
}

extension AgentHello.Cluster {
    /// A site's namespaces, as an agent names them; nil for what is no list of up to 256 names.
    package static func namespaces(_ value: JSON?) -> [String]? {
        let listed = value?.array ?? []
        let namespaces = listed.compactMap(\.string)
        guard namespaces.count == listed.count, listed.count <= 256, namespaces.allSatisfy(\.isDNSLabel) else {
            return nil
        }
        return namespaces
    }
}
