internal import Foundation
internal import Hummingbird
internal import OrreryModel

/// The questions a caller may ask about itself. Nothing of them is kept.
enum Review: String, CaseIterable {
    case selfsubjectaccessreviews
    case selfsubjectreviews
    case selfsubjectrulesreviews

    var group: String { self == .selfsubjectreviews ? "authentication.k8s.io" : "authorization.k8s.io" }
    var kind: String {
        switch self {
        case .selfsubjectaccessreviews: "SelfSubjectAccessReview"
        case .selfsubjectreviews: "SelfSubjectReview"
        case .selfsubjectrulesreviews: "SelfSubjectRulesReview"
        }
    }

    init?(_ target: Target.Resource) {
        guard let review = Review(rawValue: target.name), review.group == target.group, target.version == "v1",
            target.object.isEmpty, target.namespace.isEmpty
        else { return nil }
        self = review
    }
}

extension API {
    func answer(_ review: Review, _ request: Request, _ caller: Access.Caller) async throws -> Response {
        let bytes = Array(buffer: try await request.body.collect(upTo: 64 << 10))
        let body: JSON
        do {
            body = try JSON(parsing: bytes)
        } catch {
            throw Status.badRequest(
                "the object provided is unrecognized (must be of type \(review.kind)): couldn't get version/kind; "
                    + "json parse error: \(error) (<body>)")
        }
        var answer: JSON = [
            "kind": .string(review.kind), "apiVersion": .string(review.group + "/v1"), "metadata": [:],
        ]
        switch review {
        case .selfsubjectreviews:
            let groups = caller.groups.map { JSON.string($0) }
            answer["metadata"] = ["creationTimestamp": .string(Date.now.timestamp)]
            answer["status"] = ["userInfo": ["username": .string(caller.name), "groups": .array(groups)]]
        case .selfsubjectaccessreviews:
            answer["spec"] = body["spec"] ?? [:]
            answer["status"] = Self.verdict(on: body["spec"] ?? [:], caller)
        case .selfsubjectrulesreviews:
            answer["spec"] = [:]
            answer["status"] = Self.rules(of: caller, in: body["spec"]?["namespace"]?.string ?? "")
        }
        return Answer.json(answer, status: .created)
    }

    private static func verdict(on spec: JSON, _ caller: Access.Caller) -> JSON {
        if let path = spec["nonResourceAttributes"]?["path"]?.string {
            return ["allowed": .bool(spec["nonResourceAttributes"]?["verb"] == "get" && caller.mayGet(path: path))]
        }
        let attributes = spec["resourceAttributes"]
        let resource = [attributes?["resource"]?.string ?? "", attributes?["subresource"]?.string ?? ""]
            .filter { !$0.isEmpty }.joined(separator: "/")
        let verb = attributes?["verb"]?.string ?? ""
        let isAllowed = caller.may(
            verb, resource, in: attributes?["namespace"]?.string ?? "", group: attributes?["group"]?.string ?? "",
            name: attributes?["name"]?.string ?? "")
        guard isAllowed else { return ["allowed": false] }
        return ["allowed": true, "reason": .string(caller.reason)]
    }

    /// What everybody with an account may ask, then what its rules in the namespace say.
    private static func rules(of caller: Access.Caller, in namespace: String) -> JSON {
        func rule(_ group: String, _ resources: [JSON]) -> JSON {
            ["verbs": ["create"], "apiGroups": [.string(group)], "resources": .array(resources)]
        }
        let common = [
            rule("authorization.k8s.io", ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
            rule("authentication.k8s.io", ["selfsubjectreviews"]),
        ]
        let paths: [JSON] = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
        return [
            "resourceRules": .array(common + caller.rules(in: namespace).map(\.json)),
            "nonResourceRules": [["verbs": ["get"], "nonResourceURLs": .array(paths)]], "incomplete": false,
        ]
    }
}

extension Access.Caller {
    /// Why this caller may do something, as a real server with the usual role and binding says it.
    fileprivate var reason: String {
        let parts = name.split(separator: ":")
        guard parts.count == 4, parts[1] == "serviceaccount" else { return "" }
        let account = "\(parts[2])/\(parts[3])"
        return "RBAC: allowed by RoleBinding \"\(account)\" of Role \"\(parts[3])\" to ServiceAccount \"\(account)\""
    }
}
