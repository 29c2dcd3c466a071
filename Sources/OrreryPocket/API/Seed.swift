internal import OrreryModel

/// What has to be there before anybody asks: the namespaces and objects of the configuration.
enum Seed {
    /// Makes what is missing; what is there already stays as it is. Throws `configuration` for an object that a
    /// request would not get in either.
    static func plant(_ configuration: PocketConfiguration, in store: ObjectStore) throws(PocketError) {
        for name in ["default", "kube-system"] + configuration.namespaces {
            try make(["kind": "Namespace", "metadata": ["name": .string(name)]], in: store)
        }
        for object in configuration.objects { try make(object, in: store) }
    }

    private static func make(_ object: JSON, in store: ObjectStore) throws(PocketError) {
        let name = object["metadata"]?["name"]?.string ?? ""
        guard let kind = object["kind"]?.string.flatMap(Kind.init(name:)), !name.isEmpty else {
            throw .configuration("an object in `objects` needs a `kind` that pocket keeps and a `metadata.name`")
        }
        let namespace = kind.isNamespaced ? object["metadata"]?["namespace"]?.string ?? "default" : ""
        let key = ObjectStore.Key(kind: kind, namespace: namespace, name: name)
        guard store.object(key) == nil else { return }
        if kind.isNamespaced, store.object(ObjectStore.Key(kind: .namespaces, name: namespace)) == nil {
            throw .configuration("\(key): there is no namespace \(namespace); name it in `namespaces`")
        }
        var decoder = Decoder()
        do {
            var object = try decoder.decode(object, as: Schema.of(kind))
            if let field = decoder.unknown.first { throw DecodingComplaint("unknown field \"\(field)\"") }
            object["metadata"]?["namespace"] = namespace.isEmpty ? JSON?.none : .string(namespace)
            fillDefaults(&object, as: kind)
            if let error = validate(object, as: kind).first {
                throw DecodingComplaint("\(error.field): \(error.message)")
            }
            _ = try store.create(key, object)
        } catch let complaint as DecodingComplaint {
            throw .configuration("\(key): \(complaint.sentence)")
        } catch {
            throw .configuration("\(key): \(error)")
        }
    }
}
