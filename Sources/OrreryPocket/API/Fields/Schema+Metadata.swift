extension Schema {
    static let objectMeta = Schema(
        "ObjectMeta",
        [
            "name": .string, "generateName": .string, "namespace": .string, "selfLink": .string, "uid": .string,
            "resourceVersion": .string, "generation": .int64, "creationTimestamp": .time, "deletionTimestamp": .time,
            "deletionGracePeriodSeconds": .int64, "labels": .map(.string), "annotations": .map(.string),
            "ownerReferences": .list(.object(ownerReference)), "finalizers": .list(.string),
            "managedFields": .unchecked,
        ])

    static let ownerReference = Schema(
        "OwnerReference",
        [
            "apiVersion": .string, "kind": .string, "name": .string, "uid": .string, "controller": .bool,
            "blockOwnerDeletion": .bool,
        ])

    /// The schema for objects of `kind`.
    static func of(_ kind: Kind) -> Schema {
        var fields: [String: FieldType] = [
            "apiVersion": .string, "kind": .string, "metadata": .object(objectMeta), "status": .unchecked,
        ]
        fields.merge(body(of: kind)) { _, own in own }
        return Schema(kind.name, fields)
    }

    private static func body(of kind: Kind) -> [String: FieldType] {
        switch kind {
        case .pods: ["spec": .object(podSpec)]
        case .secrets:
            ["data": .map(.base64), "stringData": .map(.string), "type": .string, "immutable": .bool]
        case .configmaps: ["data": .map(.string), "binaryData": .map(.base64), "immutable": .bool]
        case .persistentvolumeclaims: ["spec": .object(persistentVolumeClaimSpec)]
        case .resourcequotas:
            [
                "spec": .object(
                    Schema(
                        "ResourceQuotaSpec",
                        ["hard": .map(.quantity), "scopes": .list(.string), "scopeSelector": .unchecked]))
            ]
        case .events: eventFields
        case .namespaces: ["spec": .object(Schema("NamespaceSpec", ["finalizers": .list(.string)]))]
        case .storageclasses: storageClassFields
        case .nodes, .persistentvolumes: ["spec": .unchecked]
        case .serviceaccounts:
            ["secrets": .unchecked, "imagePullSecrets": .unchecked, "automountServiceAccountToken": .bool]
        case .roles: ["rules": .list(.object(policyRule))]
        case .rolebindings: ["subjects": .list(.object(subject)), "roleRef": .object(roleRef)]
        }
    }

    private static let policyRule = Schema(
        "PolicyRule",
        [
            "verbs": .list(.string), "apiGroups": .list(.string), "resources": .list(.string),
            "resourceNames": .list(.string), "nonResourceURLs": .list(.string),
        ])

    private static let subject = Schema(
        "Subject", ["kind": .string, "apiGroup": .string, "name": .string, "namespace": .string])

    private static let roleRef = Schema("RoleRef", ["apiGroup": .string, "kind": .string, "name": .string])

    private static let persistentVolumeClaimSpec = Schema(
        "PersistentVolumeClaimSpec",
        [
            "accessModes": .list(.string), "selector": .unchecked, "volumeName": .string,
            "storageClassName": .optionalString,
            "volumeMode": .string, "dataSource": .unchecked, "dataSourceRef": .unchecked,
            "volumeAttributesClassName": .string,
            "resources": .object(
                Schema("VolumeResourceRequirements", ["limits": .map(.quantity), "requests": .map(.quantity)])),
        ])

    private static let eventFields: [String: FieldType] = [
        "involvedObject": .object(objectReference), "reason": .string, "message": .string,
        "source": .object(Schema("EventSource", ["component": .string, "host": .string])), "firstTimestamp": .time,
        "lastTimestamp": .time, "count": .int32, "type": .string, "eventTime": .time, "series": .unchecked,
        "action": .string, "related": .object(objectReference), "reportingComponent": .string,
        "reportingInstance": .string,
    ]

    private static let objectReference = Schema(
        "ObjectReference",
        [
            "kind": .string, "namespace": .string, "name": .string, "uid": .string, "apiVersion": .string,
            "resourceVersion": .string, "fieldPath": .string,
        ])

    private static let storageClassFields: [String: FieldType] = [
        "provisioner": .string, "parameters": .map(.string), "reclaimPolicy": .string, "mountOptions": .list(.string),
        "allowVolumeExpansion": .bool, "volumeBindingMode": .string, "allowedTopologies": .unchecked,
    ]
}
