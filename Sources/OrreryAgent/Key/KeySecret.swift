import OrreryCrypto
package import OrreryKubernetes
import OrreryLink
import OrreryModel

/// Keys in a Secret of the agent's own namespace. Replicas share it; the API server sees to it that one of them is first.
package struct KeySecret: KeyShelf {
    private let client: KubernetesClient
    private let name: String

    package static let usualName = "orrery-agent-key"

    package init(_ client: KubernetesClient, name: String = Self.usualName) {
        self.client = client
        self.name = name
    }

    package func read() async throws(AgentError) -> KeptKeys? {
        do { return try keys(in: try await client.get(Stored.self, name)) } catch let error as KubernetesError {
            if error.isNotFound { return nil }
            throw refusal(error, "get")
        } catch let error as AgentError {
            throw error
        } catch {
            throw .key("\(error)")
        }
    }

    package func keep(_ keys: KeptKeys, after before: KeptKeys?) async throws(AgentError) -> KeptKeys {
        do {
            if before == nil {
                _ = try await client.create(Stored(name: name, keys))
            } else {
                let stored = try await client.get(Stored.self, name)
                let kept = try self.keys(in: stored)
                guard kept?.current.id == before?.current.id, kept?.next?.id == before?.next?.id else {
                    return try require(kept)
                }
                _ = try await client.patch(Stored.self, name, with: Stored.Patch(keys, stored.metadata.resourceVersion))
            }
            return keys
        } catch let error as KubernetesError {
            // Another replica was faster.
            guard error.alreadyExists || error.isConflict else {
                throw refusal(error, before == nil ? "create" : "patch")
            }
            return try require(try await read())
        } catch let error as AgentError {
            throw error
        } catch {
            throw .key("\(error)")
        }
    }

    private func require(_ keys: KeptKeys?) throws(AgentError) -> KeptKeys {
        guard let keys else { throw .key("the Secret \(name) is gone, which another replica had just made") }
        return keys
    }

    private func keys(in stored: Stored) throws(AgentError) -> KeptKeys? {
        guard let text = stored.data?["key.pem"] else { return nil }
        let since = stored.data?["since"].flatMap { Base64.decode($0.utf8) }
            .flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
        return KeptKeys(current: try key(text), since: since ?? 0, next: try stored.data?["next.pem"].map(key))
    }

    private func key(_ text: String) throws(AgentError) -> AgentKey {
        guard let pem = Base64.decode(text.utf8), let key = try? AgentKey(pem: pem) else {
            throw .key(
                "the Secret \(name) in \(client.namespace) holds no key of an agent; delete it to join with a new key")
        }
        return key
    }

    private func refusal(_ error: KubernetesError, _ verb: String) -> AgentError {
        .key(
            "the agent may not \(verb) the Secret \(name) in \(client.namespace), where its key is kept: \(error). "
                + "Its Role there needs get, create and patch for it. That namespace is the agent's own, which the pod or the "
                + "kubeconfig names, and not that of --namespace; with --state a key is kept in a folder instead")
    }
}

/// The Secret itself.
private struct Stored: KubernetesObject {
    static let kind = "Secret"
    static let plural = "secrets"

    var apiVersion: String? = "v1"
    var kind: String? = Stored.kind
    var metadata: ObjectMeta
    var type: String? = "Opaque"
    /// In base64.
    var data: [String: String]?

    init(name: String, _ keys: KeptKeys) {
        metadata = ObjectMeta(name: name)
        data = Self.data(keys).compactMapValues { $0 }
    }

    /// A member that is nil is taken away.
    static func data(_ keys: KeptKeys) -> [String: String?] {
        [
            "key.pem": Base64.encode(keys.current.revealPEM()), "since": Base64.encode(Array("\(keys.since)".utf8)),
            "next.pem": keys.next.map { Base64.encode($0.revealPEM()) },
        ]
    }

    /// With the version that was read: the server refuses it when there is another by then.
    struct Patch: Encodable {
        let metadata: [String: String]
        let data: [String: String?]

        init(_ keys: KeptKeys, _ version: String?) {
            metadata = version.map { ["resourceVersion": $0] } ?? [:]
            data = Stored.data(keys)
        }
    }
}
