internal import OrreryModel

/// A field selector as it stands in a query: `metadata.name=x,status.phase!=Running`.
struct FieldSelector {
    private struct Requirement {
        let field: String
        let value: String
        let isEqual: Bool
    }

    private let requirements: [Requirement]

    /// Throws 400 for a field that objects of `kind` cannot be selected by.
    init(_ text: String?, for kind: Kind) throws(Status) {
        var requirements: [Requirement] = []
        for term in (text ?? "").split(separator: ",") {
            let isEqual = !term.contains("!=")
            let sign = isEqual ? (term.contains("==") ? "==" : "=") : "!="
            guard let place = term.firstRange(of: sign) else {
                throw .badRequest("invalid selector: '\(text ?? "")'; can't understand '\(term)'")
            }
            let field = String(term[..<place.lowerBound])
            guard Self.fields(of: kind).contains(field) else { throw Self.unknown(field, kind) }
            requirements.append(
                Requirement(field: field, value: String(term[place.upperBound...]), isEqual: isEqual))
        }
        self.requirements = requirements
    }

    var isEmpty: Bool { requirements.isEmpty }

    /// The one name that the selector leaves, if it asks for one.
    var name: String? { requirements.first { $0.field == "metadata.name" && $0.isEqual }?.value }

    func matches(_ object: JSON) -> Bool {
        requirements.allSatisfy { (Self.value(of: $0.field, in: object) == $0.value) == $0.isEqual }
    }

    private static func value(of field: String, in object: JSON) -> String {
        let place = field == "source" ? ["source", "component"] : field.split(separator: ".").map(String.init)
        let value = place.reduce(object as JSON?) { $0?[$1] }
        if field == "spec.unschedulable" || field == "spec.hostNetwork" {
            return value?.bool == true ? "true" : "false"
        }
        return value?.string ?? ""
    }

    private static func fields(of kind: Kind) -> Set<String> {
        let own: Set<String> =
            switch kind {
            case .pods:
                [
                    "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                    "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
                ]
            case .events:
                [
                    "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
                    "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
                    "reason", "reportingComponent", "source", "type",
                ]
            case .secrets: ["type"]
            case .namespaces: ["status.phase"]
            case .nodes: ["spec.unschedulable"]
            case .configmaps, .persistentvolumeclaims, .persistentvolumes, .resourcequotas, .storageclasses,
                .serviceaccounts, .roles, .rolebindings:
                []
            }
        return own.union(["metadata.name", "metadata.namespace"])
    }

    private static func unknown(_ field: String, _ kind: Kind) -> Status {
        let hasOwnFields = fields(of: kind).count > 2
        return .badRequest(
            hasOwnFields
                ? "field label not supported: \(field)"
                : "\"\(field)\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
    }
}
