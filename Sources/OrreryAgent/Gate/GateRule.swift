import OrreryModel

/// One thing that a hub may do. What has no rule is refused; the rules together are what the Role of `deploy/agent` grants,
/// and less than that.
package struct GateRule: Hashable, Sendable {
    package let verb: String
    package let resource: String
    let subresource: String?
    let method: String
    let hasName: Bool
    /// What the object's name must be made of; nil for any name.
    var names: GateName?
    /// What may stand in the query.
    var allowed: [String: GateParameter] = [:]
    /// What must stand there.
    var required: [String: GateParameter] = [:]
    /// What the body is.
    package var body: Body?
    /// Whether the gate looks at the pod first, and goes on only with one of this hub.
    package var isForOwnPod = false

    package enum Body: Hashable, Sendable {
        case pod, secret, configMap, claim, secretChange, deletion
    }

    /// What logs and refusals call it: `get pods/log`.
    package var title: String { "\(verb) \(resource)\(subresource.map { "/\($0)" } ?? "")" }

    /// Whether it changes something at the site.
    package var isMutating: Bool { method != "GET" }
}

extension GateRule {
    static let all: [GateRule] = reading + making + ending

    private static let page: [String: GateParameter] = ["limit": .number(upTo: 10_000), "continue": .opaque(2048)]
    private static let following: [String: GateParameter] = [
        "resourceVersion": .opaque(64), "allowWatchBookmarks": .exactly("true"),
    ]
    private static let watching: [String: GateParameter] = [
        "watch": .exactly("1"), "timeoutSeconds": .number(upTo: 3600),
    ]
    private static let aboutPods: [String: GateParameter] = ["fieldSelector": .exactly("involvedObject.kind=Pod")]
    private static let own: [String: GateParameter] = ["labelSelector": .ownObjects]
    private static let strict: [String: GateParameter] = ["fieldValidation": .exactly("Strict")]

    private static let reading: [GateRule] = [
        collection("list", "pods", allowed: page, required: own),
        collection("watch", "pods", allowed: following, required: own.with(watching)),
        collection("list", "events", allowed: page, required: aboutPods),
        collection("watch", "events", allowed: following, required: aboutPods.with(watching)),
        collection("list", "configmaps", allowed: page, required: own),
        object("get", "pods", names: .session, isForOwnPod: true),
        object(
            "get", "pods", "log", names: .session,
            allowed: [
                "container": .name, "tailLines": .number(upTo: 10_000), "limitBytes": .number(upTo: 1 << 20),
            ], isForOwnPod: true),
        object("get", "persistentvolumeclaims"),
    ]

    private static let making: [GateRule] = [
        creation("pods", .pod), creation("secrets", .secret), creation("configmaps", .configMap),
        creation("persistentvolumeclaims", .claim),
        object("patch", "secrets", method: "PATCH", names: .tokens, allowed: strict, body: .secretChange),
    ]

    private static let ending: [GateRule] = [
        object("delete", "pods", method: "DELETE", names: .session, body: .deletion, isForOwnPod: true),
        object("delete", "secrets", method: "DELETE", names: .tokens, body: .deletion),
        object("delete", "configmaps", method: "DELETE", names: .accounts, body: .deletion),
    ]

    private static func collection(
        _ verb: String, _ resource: String, allowed: [String: GateParameter], required: [String: GateParameter]
    ) -> GateRule {
        GateRule(
            verb: verb, resource: resource, subresource: nil, method: "GET", hasName: false, allowed: allowed,
            required: required)
    }

    private static func creation(_ resource: String, _ body: Body) -> GateRule {
        GateRule(
            verb: "create", resource: resource, subresource: nil, method: "POST", hasName: false, allowed: strict,
            body: body)
    }

    private static func object(
        _ verb: String, _ resource: String, _ subresource: String? = nil, method: String = "GET",
        names: GateName? = nil, allowed: [String: GateParameter] = [:], body: Body? = nil, isForOwnPod: Bool = false
    ) -> GateRule {
        GateRule(
            verb: verb, resource: resource, subresource: subresource, method: method, hasName: true, names: names,
            allowed: allowed, body: body, isForOwnPod: isForOwnPod)
    }
}

extension [String: GateParameter] {
    fileprivate func with(_ more: Self) -> Self { merging(more) { _, new in new } }
}
