import FoundationEssentials
import OrreryCrypto
import OrreryModel

/// A body of the hub's that the gate has understood. What goes on to the API server is written anew from it, so that both have
/// read the same: no member twice, no null, no name beyond ASCII.
struct GateBody: Sendable {
    private(set) var json: JSON

    /// The longest body that a hub sends: a ConfigMap or a Secret of an API server has at most a mebibyte.
    static let limit = 1 << 20

    init(_ bytes: [UInt8], of call: GateCall, in scope: GateScope) throws(GateRefusal) {
        guard bytes.count <= Self.limit else {
            throw GateRefusal("the body is longer than \(Self.limit) bytes", status: 413)
        }
        let kind = call.rule.body
        if bytes.isEmpty, kind == .deletion {
            json = .object(["kind": "DeleteOptions", "apiVersion": "v1"])
        } else {
            do { json = try JSON(strict: bytes, depth: 24) } catch {
                throw GateRefusal("the body is not plain JSON: \(error)")
            }
        }
        try Self.check(json, takesNull: kind == .secretChange)
        try judge(as: kind, of: call, in: scope)
    }

    /// The bytes for the API server.
    func bytes() throws(GateRefusal) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return [UInt8](try encoder.encode(json)) } catch { throw GateRefusal("the body cannot be written") }
    }

    /// Lets the deletion pass for the object with this uid alone.
    mutating func bind(toUID uid: String) {
        guard json["preconditions"]?["uid"] == nil else { return }
        json["preconditions"] = .object(["uid": .string(uid)])
    }

    private static func check(_ value: JSON, takesNull: Bool) throws(GateRefusal) {
        switch value {
        case .null where !takesNull: throw GateRefusal("the body has a null")
        case .array(let elements): for element in elements { try check(element, takesNull: takesNull) }
        case .object(let members):
            for (name, member) in members {
                guard name.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
                    throw GateRefusal("the name of a member has characters beyond ASCII")
                }
                try check(member, takesNull: takesNull)
            }
        default: break
        }
    }

    private func judge(as kind: GateRule.Body?, of call: GateCall, in scope: GateScope) throws(GateRefusal) {
        switch kind {
        case .pod: try object("Pod", ["spec"], names: .session, call, scope)
        case .secret:
            try object("Secret", ["stringData", "data", "type"], names: .tokens, call, scope)
            // A Secret of another type may be filled by the cluster, with the token of any account.
            guard json["type"] == nil || json["type"] == "Opaque" else {
                throw GateRefusal("a hub makes no Secrets of a type of their own")
            }
        case .configMap: try object("ConfigMap", ["data"], names: .accounts, call, scope)
        case .claim: try object("PersistentVolumeClaim", ["spec"], names: nil, call, scope)
        case .secretChange: try secretChange()
        case .deletion: try deletion()
        case nil: throw GateRefusal("\(call.rule.title) has no body")
        }
    }

    private func secretChange() throws(GateRefusal) {
        try only(["stringData"], in: json, "a change of a Secret")
        guard json["stringData"]?.object?.isEmpty == false else {
            throw GateRefusal("a change of a Secret changes something")
        }
    }

    private func deletion() throws(GateRefusal) {
        try only(["apiVersion", "kind", "gracePeriodSeconds", "preconditions"], in: json, "a deletion")
        if let preconditions = json["preconditions"] { try only(["uid"], in: preconditions, "a precondition") }
        // A longer one would let a session go on beyond its time.
        let graces = 0...PodInspection.longestGrace
        guard json["gracePeriodSeconds"].map({ $0.integer.map(graces.contains) ?? false }) ?? true else {
            throw GateRefusal("a grace is a whole number of seconds, at most \(graces.upperBound)")
        }
    }

    private func object(
        _ kind: String, _ members: [String], names: GateName?, _ call: GateCall, _ scope: GateScope
    ) throws(GateRefusal) {
        try only(["apiVersion", "kind", "metadata"] + members, in: json, "a \(kind) of a hub")
        guard json["kind"] == .string(kind), json["apiVersion"] == "v1", let metadata = json["metadata"] else {
            throw GateRefusal("the body is no \(kind)")
        }
        try only(["name", "namespace", "labels", "annotations"], in: metadata, "the metadata of a \(kind)")
        guard let name = metadata["name"]?.string, name.isObjectName, names?.accepts(name) ?? true else {
            throw GateRefusal("the \(kind) is not called as those of sessions are")
        }
        if let namespace = metadata["namespace"] {
            guard namespace.string?.isExactly(call.namespace) == true else {
                throw GateRefusal("the \(kind) names another namespace than the path")
            }
        }
        guard scope.owns(json) else { throw GateRefusal("the \(kind) does not carry the label \(scope.selector)") }
        for words in ["labels", "annotations"] { try marks(words, metadata, kind) }
    }

    /// Labels of others would put an object into a site's Services and rules; annotations of others configure networks, profiles
    /// and injectors.
    private func marks(_ words: String, _ metadata: JSON, _ kind: String) throws(GateRefusal) {
        guard let marks = metadata[words] else { return }
        for (key, value) in marks.object ?? ["": .null] where !key.hasPrefix("orrery.io/") || value.string == nil {
            throw GateRefusal("the \(kind) carries something else among its \(words) than orrery.io/…: `\(key)`")
        }
    }

    private func only(_ members: [String], in value: JSON, _ what: String) throws(GateRefusal) {
        guard let found = value.object else { throw GateRefusal("\(what) is no JSON object") }
        for name in found.keys.sorted() where !members.containsExactly(name) {
            throw GateRefusal("\(what) has no `\(name)`")
        }
    }
}

extension GateBody {
    /// What the body's object is called; nil where it has no name.
    var name: String? { json["metadata"]?["name"]?.string }
}
