package import OrreryModel

/// A Secret of a cluster. What it holds is written and never read back: decoding one keeps its metadata only.
package struct SecretObject: KubernetesObject {
    package static let kind = "Secret"
    package static let plural = "secrets"

    package var metadata: ObjectMeta
    /// Texts to store. They leave this type only into the body of a request.
    package var texts: [String: Secret]

    package init(metadata: ObjectMeta, texts: [String: Secret]) {
        self.metadata = metadata
        self.texts = texts
    }

    package init(from decoder: any Decoder) throws {
        metadata = try decoder.container(keyedBy: Key.self).decode(ObjectMeta.self, forKey: .metadata)
        texts = [:]
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode("v1", forKey: .apiVersion)
        try container.encode(Self.kind, forKey: .kind)
        try container.encode(metadata, forKey: .metadata)
        try container.encode("Opaque", forKey: .type)
        try container.encode(texts.mapValues { $0.reveal() }, forKey: .stringData)
    }

    private enum Key: String, CodingKey { case apiVersion, kind, metadata, type, stringData }
}
