internal import Hummingbird
internal import OrreryModel

extension API {
    func get(_ call: Call) throws(Status) -> Response {
        guard let object = store.object(call.key) else { throw .notFound(call.key) }
        return Answer.json(object)
    }

    func list(_ call: Call) async throws -> Response {
        let labels = try LabelSelector(call.query["labelSelector"])
        let fields = try FieldSelector(call.query["fieldSelector"], for: call.kind)
        let token = try call.query["continue"].map { text throws(Status) in try ContinueToken(text) }
        let version = try Self.version(of: call)
        if let version { try await waitFor(version) }
        var (objects, present) = try snapshot(call, version: version, token: token)
        objects = objects.filter { labels.matches($0) && fields.matches($0) }
        if let token { objects = objects.filter { place(of: $0, call) > token.last } }
        var metadata: JSON = [:]
        // Any state will do for version 0: a real server then answers from its cache, which knows no pages.
        let isPaged = call.query["resourceVersion"] != "0"
        if isPaged, let limit = call.query.integer("limit"), limit > 0, objects.count > limit {
            let last = place(of: objects[Int(limit) - 1], call)
            metadata["continue"] = .string(ContinueToken(version: present, last: last).text)
            // What is left is only known when nothing is filtered out of it.
            if labels.isEmpty && fields.isEmpty {
                metadata["remainingItemCount"] = .integer(Int64(objects.count) - limit)
            }
            objects = Array(objects.prefix(Int(limit)))
        }
        metadata["resourceVersion"] = .string("\(present)")
        return Answer.json(Self.list(of: call.kind, objects, metadata: metadata))
    }

    /// A list object. Its items do not repeat their kind.
    static func list(of kind: Kind, _ objects: [JSON], metadata: JSON) -> JSON {
        let items = objects.map { object in
            var item = object
            item["kind"] = nil
            item["apiVersion"] = nil
            return item
        }
        return [
            "kind": .string(kind.name + "List"), "apiVersion": .string(kind.apiVersion), "metadata": metadata,
            "items": .array(items),
        ]
    }

    /// The version in the query; nil for none and for `0`, which any state will do for. Throws 500 for another text.
    static func version(of call: Call) throws(Status) -> Int64? {
        guard let text = call.query["resourceVersion"] else { return nil }
        guard let version = Int64(text), version >= 0 else { throw .badVersion(text) }
        return version == 0 ? nil : version
    }

    private func snapshot(
        _ call: Call, version: Int64?, token: ContinueToken?
    ) throws -> (objects: [JSON], version: Int64) {
        if let token, token.version > 0 {
            do {
                return (
                    try store.list(call.kind, namespace: call.listedNamespace, at: token.version).objects, token.version
                )
            } catch {
                throw Status.continueExpired(ContinueToken(version: -1, last: token.last))
            }
        }
        guard let version, call.query["resourceVersionMatch"] == "Exact" else {
            return store.list(call.kind, namespace: call.listedNamespace)
        }
        return (try store.list(call.kind, namespace: call.listedNamespace, at: version).objects, version)
    }

    /// Waits for a version of the future, as long as a real server does, before it is given up.
    private func waitFor(_ version: Int64) async throws {
        let deadline = ContinuousClock.now + limits.patience
        while store.version < version {
            guard ContinuousClock.now < deadline else {
                throw Status.versionTooLarge(version, current: store.version)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Where an object stands in the order of the list, as a continue token says it.
    private func place(of object: JSON, _ call: Call) -> String {
        let name = object["metadata"]?["name"]?.string ?? ""
        guard call.kind.isNamespaced, call.listedNamespace == nil else { return name }
        return "\(object["metadata"]?["namespace"]?.string ?? "")/\(name)"
    }
}
