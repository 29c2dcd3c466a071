internal import Hummingbird
internal import OrreryModel

extension API {
    func patch(_ call: Call) async throws -> Response {
        let apply: (JSON, JSON) throws(Status) -> JSON
        switch call.contentType {
        case "application/merge-patch+json": apply = { target, patch in Patch.merge(target, patch) }
        case "application/strategic-merge-patch+json":
            apply = { target, patch in Patch.strategicMerge(target, patch) }
        case "application/json-patch+json":
            apply = { target, patch throws(Status) in try Patch.apply(patch, to: target) }
        default: throw Status.unsupportedPatch
        }
        let bytes = try await call.body(limit: limits.body)
        let patch: JSON
        do {
            patch = try JSON(parsing: bytes)
        } catch {
            throw Status.badRequest("error decoding patch: \(error)")
        }
        return try change(call) { object throws(Status) in
            let patched = try apply(object, patch)
            return try decoded(patched, doubled: [], call)
        }
    }

    func replace(_ call: Call) async throws -> Response {
        let (object, warnings) = try await decodedBody(of: call)
        if let name = object["metadata"]?["name"]?.string, name != call.key.name {
            throw Status.badRequest(
                "the name of the object (\(name)) does not match the name on the URL (\(call.key.name))")
        }
        return try change(call) { _ in (object, warnings) }
    }

    /// Puts in place of the object what `make` makes of it, as far as it may be changed.
    private func change(
        _ call: Call, _ make: (JSON) throws(Status) -> (object: JSON, warnings: [String])
    ) throws -> Response {
        var warnings: [String] = []
        let rule = ChangeRule(key: call.key, schema: Schema.of(call.kind))
        var preview: JSON?
        // Looked at before the change, since Roles are read for it: two at once are judged apart.
        if call.kind == .roles || call.kind == .rolebindings, let before = store.object(call.key) {
            try checkGrant(try make(before).object, as: call.key, by: call.caller)
        }
        let stored = try store.update(call.key) { object throws(Status) in
            let made = try make(object)
            warnings = made.warnings
            let changed = try rule.allowed(object, becoming: made.object)
            if call.isDryRun { preview = changed } else { object = changed }
        }
        guard let stored else { throw Status.notFound(call.key) }
        updateQuotas(in: call.target.namespace)
        return Answer.json(preview ?? stored, warnings: warnings)
    }
}

/// What of an object of one kind may be changed once it is there.
struct ChangeRule {
    let key: ObjectStore.Key
    let schema: Schema

    /// `new` as it may be stored in place of `old`: what is the server's stays. Throws 409 or 422 otherwise.
    func allowed(_ old: JSON, becoming new: JSON) throws(Status) -> JSON {
        var new = new
        new["kind"] = old["kind"]
        new["apiVersion"] = old["apiVersion"]
        new["metadata"] = try metadata(old["metadata"] ?? [:], becoming: new["metadata"] ?? [:])
        if key.kind == .pods || key.kind == .persistentvolumeclaims {
            try checkSpec(old, new)
            new["spec"] = old["spec"]
        }
        fillDefaults(&new, as: key.kind)
        new["status"] = old["status"]
        // Filling counts a pod's generation anew; a change of metadata is none.
        new["metadata"]?["generation"] = old["metadata"]?["generation"]
        let errors = validate(new, as: key.kind) + immutabilityErrors(old, new)
        guard errors.isEmpty else { throw .invalid(key, errors) }
        return new
    }

    private func metadata(_ old: JSON, becoming new: JSON) throws(Status) -> JSON {
        if let version = new["resourceVersion"]?.string, version != old["resourceVersion"]?.string {
            throw .conflict(key)
        }
        if let uid = new["uid"]?.string, let own = old["uid"]?.string, uid != own {
            throw .preconditionFailed(
                key, "Precondition failed: UID in precondition: \(uid), UID in object meta: \(own)")
        }
        guard (new["finalizers"] ?? []) == (old["finalizers"] ?? []) else {
            throw .invalid(
                key, [.forbidden("metadata.finalizers", "nobody in a pocket cluster would ever remove a finalizer")])
        }
        if new["name"] != old["name"] {
            let error = FieldError.invalid("metadata.name", new["name"] ?? "", "field is immutable")
            throw .invalid(key, [error])
        }
        var metadata = new
        for name in Self.serversOwn { metadata[name] = old[name] }
        return metadata
    }

    private static let serversOwn = [
        "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
        "generation", "generateName", "namespace",
    ]

    /// Compares both specs in the decoder's canonical form, in which a default that a client left out is no change.
    private func checkSpec(_ old: JSON, _ new: JSON) throws(Status) {
        var decoder = Decoder()
        guard let before = try? decoder.decode(old, as: schema)["spec"],
            let after = try? decoder.decode(new, as: schema)["spec"], before != after
        else { return }
        throw .invalid(key, [.forbidden("spec", key.kind == .pods ? Self.podRule : Self.claimRule)])
    }

    private static let podRule =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
        + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
        + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
    private static let claimRule =
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"

    private func immutabilityErrors(_ old: JSON, _ new: JSON) -> [FieldError] {
        guard key.kind == .secrets || key.kind == .configmaps else { return [] }
        var errors: [FieldError] = []
        if key.kind == .secrets, old["type"] != new["type"] {
            errors.append(.invalid("type", new["type"] ?? "", "field is immutable"))
        }
        guard old["immutable"] == true else { return errors }
        let rule = "field is immutable when `immutable` is set"
        if new["immutable"] != true { errors.append(.forbidden("immutable", rule)) }
        for field in ["data", "binaryData"] where old[field] != new[field] { errors.append(.forbidden(field, rule)) }
        return errors
    }
}
