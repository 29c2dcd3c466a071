internal import Foundation
internal import Hummingbird
internal import OrreryModel

/// How an object is to be deleted: from the body when there is one, else from the query, never from both.
struct DeleteOptions {
    var grace: Int64?
    var uid: String?
    var version: String?
    var orphans = false
    var isDryRun: Bool

    init(_ call: Call, body: [UInt8]) throws(Status) {
        isDryRun = call.isDryRun
        guard !body.isEmpty else {
            grace = call.query.integer("gracePeriodSeconds")
            orphans = call.query["propagationPolicy"] == "Orphan"
            return
        }
        let json: JSON
        do {
            json = try JSON(parsing: body)
        } catch {
            throw .badRequest("couldn't get version/kind; json parse error: \(error)")
        }
        grace = json["gracePeriodSeconds"]?.integer
        uid = json["preconditions"]?["uid"]?.string
        version = json["preconditions"]?["resourceVersion"]?.string
        orphans = json["propagationPolicy"]?.string == "Orphan"
        isDryRun = isDryRun || json["dryRun"]?.array?.contains("All") == true
    }

    func check(_ object: JSON, as key: ObjectStore.Key) throws(Status) {
        let metadata = object["metadata"]
        if let uid, let own = metadata?["uid"]?.string, uid != own {
            throw .preconditionFailed(
                key,
                "the UID in the precondition (\(uid)) does not match the UID in record (\(own)). The object might "
                    + "have been deleted and then recreated")
        }
        if let version, let own = metadata?["resourceVersion"]?.string, version != own {
            throw .preconditionFailed(
                key,
                "the ResourceVersion in the precondition (\(version)) does not match the ResourceVersion in record "
                    + "(\(own)). The object might have been modified")
        }
    }
}

extension API {
    func delete(_ call: Call) async throws -> Response {
        let options = try DeleteOptions(call, body: try await call.body(limit: limits.body))
        let key = call.key
        guard let object = store.object(key) else { throw Status.notFound(key) }
        try options.check(object, as: key)
        if options.isDryRun { return Answer.json(object) }
        let gone = try Deletion(store: store).delete(key, options)
        updateQuotas(in: key.namespace)
        if key.kind.answersDeletionWithObject { return Answer.json(gone) }
        return Answer.json(Status.success(key, uid: gone["metadata"]?["uid"]?.string ?? ""))
    }

    func deleteCollection(_ call: Call) async throws -> Response {
        guard call.kind.isNamespaced == !call.target.namespace.isEmpty else { throw Status.methodNotAllowed }
        let options = try DeleteOptions(call, body: try await call.body(limit: limits.body))
        let labels = try LabelSelector(call.query["labelSelector"])
        let fields = try FieldSelector(call.query["fieldSelector"], for: call.kind)
        let objects = store.list(call.kind, namespace: call.listedNamespace).objects
            .filter { labels.matches($0) && fields.matches($0) }
        if !options.isDryRun {
            for object in objects {
                let key = call.key(named: object["metadata"]?["name"]?.string ?? "")
                // Somebody else may have been quicker with one of them.
                _ = try? Deletion(store: store).delete(key, options)
            }
            updateQuotas(in: call.target.namespace)
        }
        let metadata: JSON = ["resourceVersion": .string("\(store.version)")]
        return Answer.json(Self.list(of: call.kind, objects, metadata: metadata))
    }
}

extension Kind {
    /// Whether the answer to a deletion is the object; for the other kinds it is a Status.
    fileprivate var answersDeletionWithObject: Bool {
        switch self {
        case .pods, .persistentvolumeclaims, .persistentvolumes, .namespaces, .storageclasses, .resourcequotas,
            .serviceaccounts:
            true
        case .secrets, .configmaps, .events, .nodes, .roles, .rolebindings: false
        }
    }
}

/// The ways in which objects go: at once, or after what they still hold has ended.
struct Deletion {
    let store: ObjectStore

    /// Deletes the object under `key` and answers with its last state. Throws 404 when there is none.
    func delete(_ key: ObjectStore.Key, _ options: DeleteOptions? = nil) throws(Status) -> JSON {
        if options?.orphans == true { orphan(dependentsOf: key) }
        switch key.kind {
        case .pods: return try deletePod(key, options)
        case .namespaces: return try mark(key, grace: nil, options) { $0["status"] = ["phase": "Terminating"] }
        case .persistentvolumeclaims:
            let marked = try mark(key, grace: 0, options) { _ in }
            if !Upkeep.isInUse(claim: key, store: store) { store.remove(key) }
            return marked
        default:
            guard let object = store.remove(key) else { throw .notFound(key) }
            return object
        }
    }

    /// A pod on a node gets its time to end; one without a node, or at its end, goes at once.
    private func deletePod(_ key: ObjectStore.Key, _ options: DeleteOptions?) throws(Status) -> JSON {
        let pod = try update(key) { pod throws(Status) in
            try options?.check(pod, as: key)
            let metadata = pod["metadata"] ?? [:]
            let phase = pod["status"]?["phase"]?.string
            let isIdle = pod["spec"]?["nodeName"] == nil || phase == "Succeeded" || phase == "Failed"
            let usual = pod["spec"]?["terminationGracePeriodSeconds"]?.integer ?? 30
            let grace = isIdle ? 0 : max(0, options?.grace ?? usual)
            guard let before = metadata["deletionGracePeriodSeconds"]?.integer else {
                return pod["metadata"] = Self.deleted(metadata, grace: grace, from: .now)
            }
            // The second deletion can only shorten what the first one gave.
            guard isIdle || options?.grace != nil, grace < before else { return }
            let end = metadata["deletionTimestamp"]?.string.flatMap { try? Date($0, strategy: .iso8601) } ?? .now
            pod["metadata"] = Self.deleted(metadata, grace: grace, from: end - TimeInterval(before))
        }
        if pod["metadata"]?["deletionGracePeriodSeconds"]?.integer == 0 {
            return store.remove(key, ifUID: pod["metadata"]?["uid"]?.string) ?? pod
        }
        return pod
    }

    private static func deleted(_ metadata: JSON, grace: Int64, from start: Date) -> JSON {
        metadata.merging([
            "deletionTimestamp": .string((start + TimeInterval(grace)).timestamp),
            "deletionGracePeriodSeconds": .integer(grace),
            "generation": .integer(
                (metadata["generation"]?.integer ?? 1) + (metadata["deletionTimestamp"] == nil ? 1 : 0)),
        ])
    }

    private func mark(
        _ key: ObjectStore.Key, grace: Int64?, _ options: DeleteOptions?, _ also: (inout JSON) -> Void
    ) throws(Status) -> JSON {
        try update(key) { object throws(Status) in
            try options?.check(object, as: key)
            guard object["metadata"]?["deletionTimestamp"] == nil else { return }
            var marks: JSON = ["deletionTimestamp": .string(Date.now.timestamp)]
            marks["deletionGracePeriodSeconds"] = grace.map { .integer($0) }
            object["metadata"] = object["metadata"]?.merging(marks)
            also(&object)
        }
    }

    private func update(
        _ key: ObjectStore.Key, _ change: (inout JSON) throws(Status) -> Void
    ) throws(Status) -> JSON {
        guard let object = try store.update(key, change: change) else { throw .notFound(key) }
        return object
    }

    /// Takes the owner's name off what it owns, so that it stays.
    private func orphan(dependentsOf key: ObjectStore.Key) {
        guard let uid = store.object(key)?["metadata"]?["uid"] else { return }
        for kind in Kind.allCases where kind.isNamespaced {
            for object in store.list(kind, namespace: key.namespace).objects {
                let owners = object["metadata"]?["ownerReferences"]?.array ?? []
                guard owners.contains(where: { $0["uid"] == uid }) else { continue }
                let left = owners.filter { $0["uid"] != uid }
                let name = object["metadata"]?["name"]?.string ?? ""
                _ = store.update(ObjectStore.Key(kind: kind, namespace: key.namespace, name: name)) { object in
                    object["metadata"]?["ownerReferences"] = left.isEmpty ? JSON?.none : .array(left)
                }
            }
        }
    }
}
