internal import Foundation
internal import Hummingbird
internal import OrreryModel

extension API {
    /// Gives a service account a token (`serviceaccounts/NAME/token`).
    func requestToken(_ call: Call) async throws -> Response {
        guard let account = store.object(call.key) else { throw Status.notFound(call.key) }
        let body = (try? JSON(parsing: try await call.body(limit: limits.body))) ?? [:]
        let seconds = body["spec"]?["expirationSeconds"]?.integer ?? 3600
        guard seconds >= 600 else { throw Self.tooShort(seconds) }
        let audiences = (body["spec"]?["audiences"]?.array ?? []).compactMap(\.string)
        let issued = try access.issued.issue(
            namespace: call.key.namespace, account: call.key.name, uid: account["metadata"]?["uid"]?.string ?? "",
            audiences: audiences, seconds: seconds)
        let metadata: JSON = [
            "name": .string(call.key.name), "namespace": .string(call.key.namespace),
            "uid": .string(issued.uid), "creationTimestamp": .string(Date.now.timestamp),
        ]
        let spec: JSON = [
            "audiences": .array(issued.audiences.map { .string($0) }), "expirationSeconds": .integer(seconds),
            "boundObjectRef": .null,
        ]
        let status: JSON = ["token": .string(issued.token), "expirationTimestamp": .string(issued.ends.timestamp)]
        return Answer.json(
            [
                "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": metadata, "spec": spec,
                "status": status,
            ], status: .created)
    }

    private static func tooShort(_ seconds: Int64) -> Status {
        let sentence = "Invalid value: \(seconds): may not specify a duration less than 10 minutes"
        return Status(
            code: 422, reason: "Invalid",
            message: "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: \(sentence)",
            details: [
                "group": "authentication.k8s.io", "kind": "TokenRequest",
                "causes": [
                    [
                        "reason": "FieldValueInvalid", "message": .string(sentence),
                        "field": "spec.expirationSeconds",
                    ]
                ],
            ])
    }

    /// Nobody gives away by a Role or a binding what they do not have themselves.
    func checkGrant(_ object: JSON, as key: ObjectStore.Key, by caller: Access.Caller) throws(Status) {
        let rules =
            switch key.kind {
            case .roles: (object["rules"]?.array ?? []).map(AccessRule.init)
            case .rolebindings: access.bindings.rules(named: object["roleRef"], in: key.namespace)
            default: [AccessRule]()
            }
        let missing = rules.filter { rule in
            !rule.grants.allSatisfy {
                caller.may($0.verb, $0.resource, in: key.namespace, group: $0.group, name: $0.name)
            }
        }
        guard !missing.isEmpty else { return }
        let groups = caller.groups.map { "\"\($0)\"" }.joined(separator: " ")
        throw .forbidden(
            key,
            "user \"\(caller.name)\" (groups=[\(groups)]) is attempting to grant RBAC permissions not currently held:\n"
                + missing.map(\.text).joined(separator: "\n"))
    }
}
