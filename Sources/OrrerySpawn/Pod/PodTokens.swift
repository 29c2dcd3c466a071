import OrreryKubernetes
import OrreryModel
import OrreryStore

/// Where a session finds tokens of others than this hub: a Secret of its own, mounted as a whole directory, so that the kubelet
/// exchanges the files in place when the Secret changes.
package enum PodTokens {
    /// Where the directory is in the pod.
    package static let directory = PodBuilder.runtimeDirectory + "/tokens"

    /// Readable, and writable for nobody. The kubelet makes the files root's, and only an `fsGroup` would give them to the person's
    /// group; that would also change the group of everybody's files on shared volumes, and most sessions have none. Others than the person are kept away
    /// by the pod, in which nobody else has processes, and on the node by the kubelet's own directory.
    static let mode = 0o444
}

extension SessionRecord {
    /// The Secret with the tokens.
    var tokensName: String { "\(pod)-tokens" }
}

extension PodBuilder {
    func tokensSecret(_ files: [String: Secret]) -> SecretObject {
        SecretObject(metadata: metadata(session.tokensName), texts: files)
    }
}

/// New content for some keys of a Secret; the others stay. Merging it changes nothing else about the object.
struct SecretChange: Encodable {
    let texts: [String: Secret]

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(texts.mapValues { $0.reveal() }, forKey: .stringData)
    }

    private enum Key: String, CodingKey { case stringData }
}
