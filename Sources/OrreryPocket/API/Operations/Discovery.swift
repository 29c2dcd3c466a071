internal import HTTPTypes
internal import Hummingbird
internal import OrreryModel

extension API {
    /// The paths beside the objects: health, version, and what there is.
    func discovery(_ path: String, method: HTTPRequest.Method, isVerbose: Bool) -> Response {
        guard method == .get || method == .head else { return Answer.status(.methodNotAllowed) }
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        switch path {
        case "/healthz", "/livez", "/readyz": return health(path, isVerbose: isVerbose)
        case "/version": return Answer.json(Self.version)
        case "/api":
            let addresses: JSON = [["clientCIDR": "0.0.0.0/0", "serverAddress": .string(address)]]
            return Answer.json(["kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses])
        case "/apis":
            return Answer.json(
                ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(Self.groups.map(Self.group))])
        case "/api/v1": return Answer.json(Self.resources(of: "", also: Self.subresources))
        default: break
        }
        for group in Self.groups where path.hasPrefix("/apis/\(group)") {
            if path == "/apis/\(group)" {
                return Answer.json(Self.group(group).merging(["kind": "APIGroup", "apiVersion": "v1"]))
            }
            if path == "/apis/\(group)/v1" {
                return Answer.json(Self.resources(of: group, also: Self.reviews(in: group)))
            }
        }
        return Answer.noSuchPath()
    }

    /// Ready means that the objects can be kept: without that, whatever is created may be lost.
    private func health(_ path: String, isVerbose: Bool) -> Response {
        let failure = path == "/livez" ? nil : store.storageFailure
        let name = path.dropFirst()
        if failure == nil && !isVerbose { return Answer.text("ok") }
        let check = failure == nil ? "[+]storage ok" : "[-]storage failed: reason withheld"
        let text = "[+]ping ok\n\(check)\n\(name) check \(failure == nil ? "passed" : "failed")\n"
        return Answer.text(text, status: failure == nil ? .ok : .internalServerError)
    }

    private static let version: JSON = [
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35", "gitVersion": "v1.36.2+pocket", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "swiftc", "platform": "linux/amd64",
    ]

    private static let groups = [
        "authentication.k8s.io", "authorization.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io",
    ]

    private static func group(_ name: String) -> JSON {
        let version: JSON = ["groupVersion": .string("\(name)/v1"), "version": "v1"]
        return ["name": .string(name), "versions": [version], "preferredVersion": version]
    }

    private static func resources(of group: String, also others: [JSON]) -> JSON {
        let own = Kind.allCases.filter { $0.group == group }.map { kind -> JSON in
            [
                "name": .string(kind.rawValue), "singularName": .string(kind.name.lowercased()),
                "namespaced": .bool(kind.isNamespaced), "kind": .string(kind.name),
                "verbs": .array(kind.verbs.map { .string($0) }),
            ]
        }
        return [
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": .string(group.isEmpty ? "v1" : "\(group)/v1"), "resources": .array(own + others),
        ]
    }

    private static let subresources: [JSON] = [
        ["name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod", "verbs": ["get"]],
        [
            "name": "serviceaccounts/token", "singularName": "", "namespaced": true, "kind": "TokenRequest",
            "group": "authentication.k8s.io", "version": "v1", "verbs": ["create"],
        ],
    ]

    private static func reviews(in group: String) -> [JSON] {
        Review.allCases.filter { $0.group == group }.map { review in
            [
                "name": .string(review.rawValue), "singularName": .string(review.kind.lowercased()),
                "namespaced": false, "kind": .string(review.kind), "verbs": ["create"],
            ]
        }
    }
}
