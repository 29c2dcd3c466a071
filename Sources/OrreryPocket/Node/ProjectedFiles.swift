internal import Foundation
internal import OrreryModel

/// The files of a volume that is made from objects: ConfigMap, Secret, downward fields, or several of them together.
struct ProjectedFiles {
    struct File: Equatable {
        let path: String
        let content: [UInt8]
        let mode: Int64?
    }

    let store: ObjectStore
    let namespace: String
    let variables: DownwardFields

    func contents(of volume: JSON) throws(PodVolumes.Failure) -> [File] {
        if let source = volume["secret"] { return try keyed(.secrets, source, named: source["secretName"]) }
        if let source = volume["configMap"] { return try keyed(.configmaps, source, named: source["name"]) }
        if let source = volume["downwardAPI"] { return try downward(source) }
        var files: [File] = []
        for source in volume["projected"]?["sources"]?.array ?? [] {
            if let secret = source["secret"] { files += try keyed(.secrets, secret, named: secret["name"]) }
            if let map = source["configMap"] { files += try keyed(.configmaps, map, named: map["name"]) }
            if let fields = source["downwardAPI"] { files += try downward(fields) }
            guard source["serviceAccountToken"] == nil else {
                throw PodVolumes.Failure(message: "pocket issues no service account tokens")
            }
        }
        return files
    }

    private func keyed(_ kind: Kind, _ source: JSON, named name: JSON?) throws(PodVolumes.Failure) -> [File] {
        let isOptional = source["optional"]?.bool ?? false
        let name = name?.string ?? ""
        guard let object = store.object(ObjectStore.Key(kind: kind, namespace: namespace, name: name)) else {
            if isOptional { return [] }
            throw PodVolumes.Failure(message: "\(kind.singular) \"\(name)\" not found")
        }
        let values = object.values
        guard let items = source["items"]?.array else {
            return values.sorted { $0.key < $1.key }.map { File(path: $0.key, content: $0.value, mode: nil) }
        }
        var files: [File] = []
        for item in items {
            guard let key = item["key"]?.string, let path = item["path"]?.string else { continue }
            guard let value = values[key] else {
                if isOptional { continue }
                throw PodVolumes.Failure(message: "\(kind.singular) references non-existent secret key: \(key)")
            }
            files.append(File(path: path, content: value, mode: item["mode"]?.integer))
        }
        return files
    }

    private func downward(_ source: JSON) throws(PodVolumes.Failure) -> [File] {
        var files: [File] = []
        for item in source["items"]?.array ?? [] {
            guard let path = item["path"]?.string, let field = item["fieldRef"]?["fieldPath"]?.string else { continue }
            guard let value = variables.value(of: field) else {
                throw PodVolumes.Failure(message: "field path \"\(field)\" is not supported")
            }
            files.append(File(path: path, content: Array(value.utf8), mode: item["mode"]?.integer))
        }
        return files
    }
}

extension JSON {
    /// What a ConfigMap or a Secret holds, by key.
    var values: [String: [UInt8]] {
        let isSecret = self["kind"]?.string == Kind.secrets.name
        var values = (self["data"]?.object ?? [:]).mapValues { value in
            let text = value.string ?? ""
            return isSecret ? Self.decoded(text) : Array(text.utf8)
        }
        for (key, value) in self["binaryData"]?.object ?? [:] { values[key] = Self.decoded(value.string ?? "") }
        return values
    }

    private static func decoded(_ text: String) -> [UInt8] { Data(base64Encoded: text).map(Array.init) ?? [] }
}

extension Kind {
    /// As the kubelet writes it: `secret "x" not found`.
    var singular: String { name.lowercased() }
}
