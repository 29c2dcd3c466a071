package import OrreryModel

/// An object of the core group (`/api/v1`) that lives in a namespace. The types here hold what this project reads and
/// writes and nothing else: members that are not declared are skipped when an answer is decoded.
package protocol KubernetesObject: Codable, Hashable, Sendable {
    static var kind: String { get }
    /// The name in URLs: `pods`.
    static var plural: String { get }
    var metadata: ObjectMeta { get set }

    /// The object as a watch tells it, read in one pass; the same as it would be decoded. Nil, or an error, when that is for
    /// the decoder to say.
    static func told(_ reader: inout JSONReader) throws(JSONReader.Offence) -> Self?
}

extension KubernetesObject {
    package static func told(_ reader: inout JSONReader) throws(JSONReader.Offence) -> Self? { nil }
}

/// What every object carries. Timestamps stay text: they are compared with each other and shown, never with our clock.
package struct ObjectMeta: Codable, Hashable, Sendable {
    package var name: String?
    package var namespace: String?
    package var uid: String?
    package var resourceVersion: String?
    package var creationTimestamp: String?
    package var deletionTimestamp: String?
    package var deletionGracePeriodSeconds: Int?
    package var labels: [String: String]?
    package var annotations: [String: String]?

    package init(
        name: String? = nil, namespace: String? = nil, uid: String? = nil, labels: [String: String]? = nil,
        annotations: [String: String]? = nil
    ) {
        self.name = name
        self.namespace = namespace
        self.uid = uid
        self.labels = labels
        self.annotations = annotations
    }
}

extension ObjectMeta {
    /// Whether somebody has asked for the object's deletion. It may stay for its whole grace, or for ever on a lost node.
    package var isTerminating: Bool { deletionTimestamp != nil }
}

/// One page of a list, or several put together.
package struct ObjectList<Object: KubernetesObject>: Decodable, Sendable {
    package var metadata: ListMeta
    package var items: [Object]
    /// What the list holds besides, and nobody here understands: an object of a newer server, or a broken one.
    package var unreadable: [ObjectMeta]

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        metadata = try members.decode(ListMeta.self, forKey: .metadata)
        let all = try members.decodeIfPresent([Item].self, forKey: .items) ?? []
        items = all.compactMap(\.object)
        unreadable = all.filter { $0.object == nil }.map { $0.metadata ?? ObjectMeta() }
    }

    private enum Key: String, CodingKey { case metadata, items }

    private struct Item: Decodable {
        let object: Object?
        let metadata: ObjectMeta?

        init(from decoder: any Decoder) throws {
            object = try? Object(from: decoder)
            metadata = object == nil ? try? Named(from: decoder).metadata : nil
        }
    }
}

/// As much of an object as nearly any has.
struct Named: Decodable {
    let metadata: ObjectMeta
}

/// The metadata of a list: the version it is a picture of, and where its next page begins.
package struct ListMeta: Codable, Hashable, Sendable {
    package var resourceVersion: String?
    package var `continue`: String?
}
