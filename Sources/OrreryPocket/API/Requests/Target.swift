internal import Foundation

/// What the path of a request names.
enum Target: Equatable {
    /// Objects of the API, known to pocket or not: the access rules are asked before the path is found wrong.
    case resource(Resource)
    /// Anything else: `/version`, `/healthz`, discovery.
    case path(String)

    struct Resource: Equatable {
        let group: String
        let version: String
        /// The plural name: `pods`.
        let name: String
        let namespace: String
        /// Empty when the path names the whole collection.
        let object: String
        /// `log`; empty for the object itself.
        let subresource: String

        /// The name in access rules: `pods/log`.
        var ruleName: String { subresource.isEmpty ? name : "\(name)/\(subresource)" }

        /// The kind when pocket keeps it, and the path is right for one with or without a namespace.
        var kind: Kind? {
            guard let kind = Kind(rawValue: name), kind.group == group, version == "v1" else { return nil }
            return kind.isNamespaced || namespace.isEmpty || kind == .namespaces ? kind : nil
        }
    }

    /// `path` without a query, percent-encoding already undone in its segments.
    init(path: String) {
        let parts = path.split(separator: "/").map { String($0).removingPercentEncoding ?? String($0) }
        guard let (group, version, rest) = Self.split(parts), !rest.isEmpty else {
            self = .path(path)
            return
        }
        self = .resource(Self.resource(group: group, version: version, rest: Array(rest)))
    }

    private static func split(_ parts: [String]) -> (group: String, version: String, rest: ArraySlice<String>)? {
        if parts.count >= 2, parts[0] == "api", parts[1] == "v1" { return ("", "v1", parts[2...]) }
        // Groups that no real server would route are paths that do not exist, not resources.
        let known = [
            "storage.k8s.io", "authorization.k8s.io", "authentication.k8s.io", "rbac.authorization.k8s.io",
        ]
        if parts.count >= 3, parts[0] == "apis", known.contains(parts[1]) { return (parts[1], parts[2], parts[3...]) }
        return nil
    }

    private static func resource(group: String, version: String, rest: [String]) -> Resource {
        func make(_ name: String, _ namespace: String, _ tail: ArraySlice<String>) -> Resource {
            Resource(
                group: group, version: version, name: name, namespace: namespace, object: tail.first ?? "",
                subresource: tail.dropFirst().joined(separator: "/"))
        }
        if rest[0] == "namespaces", rest.count >= 3, rest[2] != "status", rest[2] != "finalize" {
            return make(rest[2], rest[1], rest[3...])
        }
        // The namespace object itself is judged in its own namespace, as a real server does.
        return make(rest[0], rest[0] == "namespaces" && rest.count > 1 ? rest[1] : "", rest[1...])
    }
}
