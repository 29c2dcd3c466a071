import OrreryModel

/// A call of the hub that a rule allows, written anew from what was understood of it.
package struct GateCall: Hashable, Sendable {
    package let rule: GateRule
    package let namespace: String
    package let name: String?
    package let method: String
    /// Path and query for the API server.
    package let target: String

    /// Where the object itself is, without subresource and query.
    package var object: String { "/api/v1/namespaces/\(namespace)/\(rule.resource)/\(name ?? "")" }

    /// Judges a request by its method and its target alone. What comes back stays within the scope whatever the body is;
    /// bodies and, where the rule says so, the pod itself are looked at after it.
    package static func judge(
        method: String, target text: String, in scope: GateScope
    ) throws(GateRefusal) -> GateCall {
        let target = try GateTarget(text)
        guard scope.namespaces.containsExactly(target.namespace) else {
            throw GateRefusal("the namespace \(target.namespace) is not open to this hub", cause: .policy)
        }
        let isWatch = target.parameters.contains { $0.key == "watch" }
        let rule = GateRule.all.first { rule in
            rule.method == method && rule.resource == target.resource && rule.subresource == target.subresource
                && rule.hasName == (target.name != nil) && (rule.verb == "watch") == isWatch
        }
        guard let rule else { throw GateRefusal("no hub may \(method) \(target.place)") }
        if let names = rule.names, let name = target.name, !names.accepts(name) {
            throw GateRefusal("\(target.resource) called \(name) belong to no session")
        }
        try rule.check(target.parameters, in: scope)
        var parameters = target.parameters
        // A server that does not know a field must say so instead of leaving it out: it may be a wall between two persons.
        if rule.body == .secretChange || rule.verb == "create", parameters.isEmpty {
            parameters = [.init(key: "fieldValidation", value: "Strict")]
        }
        return GateCall(
            rule: rule, namespace: target.namespace, name: target.name, method: method,
            target: target.text(with: parameters))
    }
}

extension GateRule {
    fileprivate func check(_ parameters: [GateTarget.Parameter], in scope: GateScope) throws(GateRefusal) {
        for parameter in parameters {
            guard let wanted = required[parameter.key] ?? allowed[parameter.key] else {
                throw GateRefusal("\(title) takes no `\(parameter.key)`")
            }
            guard wanted.accepts(parameter.value, in: scope) else {
                throw GateRefusal("\(title) does not take this value of `\(parameter.key)`")
            }
        }
        for key in required.keys.sorted() where !parameters.contains(where: { $0.key == key }) {
            throw GateRefusal("\(title) needs `\(key)`, so that it shows nothing but this hub's own")
        }
    }
}

extension GateTarget {
    fileprivate var place: String { "\(resource)\(name == nil ? "" : "/…")\(subresource.map { "/\($0)" } ?? "")" }
}
