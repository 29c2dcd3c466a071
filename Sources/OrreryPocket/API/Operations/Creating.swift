internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import OrreryDocument
internal import OrreryModel

extension API {
    func create(_ call: Call) async throws -> Response {
        guard call.kind.isNamespaced == !call.target.namespace.isEmpty else { throw Status.methodNotAllowed }
        var (object, warnings) = try await decodedBody(of: call)
        try prepareMetadata(&object, call)
        let key = call.key(named: object["metadata"]?["name"]?.string ?? "")
        try checkNamespace(for: key)
        let finalizers = object["metadata"]?["finalizers"]?.array ?? []
        fillDefaults(&object, as: call.kind)
        try admit(&object, as: key)
        try check(object, as: key, finalizers: finalizers)
        try checkGrant(object, as: key, by: call.caller)
        if call.isDryRun {
            try checkQuota(of: object, as: key) { kind in store.list(kind, namespace: key.namespace).objects }
            if store.object(key) != nil { throw PocketError.exists(key) }
            return Answer.json(unstored(object, as: call.kind), status: .created, warnings: warnings)
        }
        let stored = try store.create(key, object) { object, existing in
            try checkQuota(of: object, as: key, existing: existing)
        }
        updateQuotas(in: key.namespace)
        return Answer.json(stored, status: .created, warnings: warnings)
    }

    /// The object in the body, by its schema, and what is to be warned of.
    func decodedBody(of call: Call) async throws -> (object: JSON, warnings: [String]) {
        let bytes = try await call.body(limit: limits.body)
        let (value, doubled) = try parsed(bytes, call)
        return try decoded(value, doubled: doubled, call)
    }

    private func parsed(_ bytes: [UInt8], _ call: Call) throws -> (value: JSON, doubled: [String]) {
        switch call.contentType {
        case "", "application/json":
            var parser = JSONParser(bytes: bytes)
            do {
                return (try parser.document(), parser.doubled)
            } catch {
                // What is in a Secret is not repeated, not even to its owner.
                let echo = call.kind == .secrets && !bytes.isEmpty ? "<hidden>" : Self.echo(bytes)
                throw Status.badRequest(
                    "the object provided is unrecognized (must be of type \(call.kind.name)): couldn't get "
                        + "version/kind; json parse error: \(error) (\(echo))")
            }
        case "application/yaml":
            do {
                let text = String(decoding: bytes, as: UTF8.self)
                return (try JSON(DocumentNode.parse(text, file: "body")), [])
            } catch {
                throw Status.badRequest("error converting YAML to JSON: \(error)")
            }
        default: throw Status.unsupportedBody
        }
    }

    private static func echo(_ bytes: [UInt8]) -> String {
        bytes.isEmpty ? "<empty>" : String(decoding: bytes.prefix(1024), as: UTF8.self)
    }

    /// `value` by the schema of the call's kind, with what `fieldValidation` says about unknown and doubled fields.
    func decoded(_ value: JSON, doubled: [String], _ call: Call) throws(Status) -> (object: JSON, warnings: [String]) {
        let kind = call.kind
        let name = value["kind"]?.string ?? kind.name
        let version = value["apiVersion"]?.string ?? kind.apiVersion
        func refused(_ sentence: String) -> Status {
            .badRequest("\(name) in version \"\(version)\" cannot be handled as a \(kind.name): \(sentence)")
        }
        guard name == kind.name, version == kind.apiVersion else {
            throw refused("converting (v1.\(name)) to (core.\(kind.name)): unknown conversion")
        }
        var decoder = Decoder()
        let object: JSON
        do {
            object = try decoder.decode(value, as: Schema.of(kind))
        } catch {
            throw refused(error.sentence)
        }
        let findings = doubled.map { "duplicate field \"\($0)\"" } + decoder.unknown.map { "unknown field \"\($0)\"" }
        switch call.query["fieldValidation"] {
        case "Ignore": return (object, [])
        case "Strict" where !findings.isEmpty:
            throw refused("strict decoding error: \(findings.joined(separator: ", "))")
        default: return (object, findings)
        }
    }

    /// Takes from the caller's metadata what is the server's to say, and makes a name where one is to be made.
    private func prepareMetadata(_ object: inout JSON, _ call: Call) throws(Status) {
        var metadata = object["metadata"] ?? [:]
        if let namespace = metadata["namespace"]?.string, namespace != call.key.namespace {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        if let version = metadata["resourceVersion"]?.string, version != "0" {
            throw Status(
                code: 500, reason: nil, message: "resourceVersion should not be set on objects to be created")
        }
        for name in Self.serversOwn { metadata[name] = nil }
        if metadata["name"] == nil, let stem = metadata["generateName"]?.string {
            let ending = (0..<5).map { _ in Self.nameLetters.randomElement() ?? "x" }
            metadata["name"] = .string(String(stem.prefix(58)) + String(ending))
        }
        metadata["namespace"] = call.kind.isNamespaced ? .string(call.target.namespace) : JSON?.none
        object["metadata"] = metadata
        object["status"] = nil
    }

    private static let serversOwn = [
        "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
        "managedFields", "generation",
    ]
    /// Without vowels and their look-alikes, so that no word comes out.
    private static let nameLetters = Array("bcdfghjklmnpqrstvwxz2456789")

    private func checkNamespace(for key: ObjectStore.Key) throws(Status) {
        guard key.kind.isNamespaced else { return }
        let namespaceKey = ObjectStore.Key(kind: .namespaces, name: key.namespace)
        guard let namespace = store.object(namespaceKey) else { throw .notFound(namespaceKey) }
        if namespace["metadata"]?["deletionTimestamp"] != nil { throw .namespaceTerminating(key) }
    }

    /// What admission plugins of a real cluster would say or add.
    private func admit(_ object: inout JSON, as key: ObjectStore.Key) throws(Status) {
        if key.kind == .pods {
            let account = object["spec"]?["serviceAccountName"]?.string ?? "default"
            let isThere =
                account == "default"
                || store.object(.init(kind: .serviceaccounts, namespace: key.namespace, name: account)) != nil
            if !isThere {
                throw .forbidden(
                    key,
                    "error looking up service account \(key.namespace)/\(account): serviceaccount \"\(account)\" not found"
                )
            }
            if let priority = object["spec"]?["priorityClassName"]?.string {
                throw .forbidden(key, "no PriorityClass with name \(priority) was found")
            }
        }
        if key.kind == .persistentvolumeclaims, object["spec"]?["storageClassName"] == nil {
            object["spec"] = object["spec"]?.merging(
                defaultStorageClass.map { ["storageClassName": .string($0)] } ?? [:])
        }
    }

    private var defaultStorageClass: String? {
        let mark = "storageclass.kubernetes.io/is-default-class"
        return store.list(.storageclasses).objects
            .first { $0["metadata"]?["annotations"]?[mark]?.string == "true" }?["metadata"]?["name"]?.string
    }

    private func check(_ object: JSON, as key: ObjectStore.Key, finalizers: [JSON]) throws(Status) {
        var errors = validate(object, as: key.kind)
        if !finalizers.isEmpty {
            errors.append(.forbidden("metadata.finalizers", "nobody in a pocket cluster would ever remove a finalizer"))
        }
        guard errors.isEmpty else { throw .invalid(key, errors) }
    }

    private func checkQuota(
        of object: JSON, as key: ObjectStore.Key, existing: (Kind) -> [JSON]
    ) throws(Status) {
        try Quota.check(object, as: key, quotas: existing(.resourcequotas), existing: existing)
    }

    private func unstored(_ object: JSON, as kind: Kind) -> JSON {
        var object = object.merging(["kind": .string(kind.name), "apiVersion": .string(kind.apiVersion)])
        object["metadata"] = object["metadata"]?.merging([
            "uid": .string(UUID().uuidString.lowercased()), "creationTimestamp": .string(Date.now.timestamp),
        ])
        return object
    }

    /// Brings the status of the namespace's quotas up to date.
    func updateQuotas(in namespace: String) {
        Upkeep.updateQuotas(in: namespace, store: store)
    }
}
