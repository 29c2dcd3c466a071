internal import OrreryModel

/// Who may do what: the tokens of the configuration.
struct Access: Sendable {
    /// Who asks.
    struct Caller: Sendable {
        let name: String
        fileprivate let permission: PocketConfiguration.Token.Permission?

        static let anonymous = Caller(name: "system:anonymous", permission: nil)

        /// Whether the caller came with a token of ours.
        var isKnown: Bool { permission != nil }

        /// The groups a real server would put this user into.
        var groups: [String] {
            if case .admin? = permission { return ["system:masters", "system:authenticated"] }
            let parts = name.split(separator: ":")
            guard parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount" else {
                return [permission == nil ? "system:unauthenticated" : "system:authenticated"]
            }
            return ["system:serviceaccounts", "system:serviceaccounts:\(parts[2])", "system:authenticated"]
        }

        func may(_ verb: String, _ resource: String, in namespace: String) -> Bool {
            switch permission {
            case .admin?: true
            case .rules(let rules, let own)?:
                namespace == own
                    && rules.contains { $0.resources.contains(any: resource) && $0.verbs.contains(any: verb) }
            case nil: false
            }
        }

        /// The paths beside the objects: health and version are everybody's, discovery is for those who are known.
        func mayGet(path: String) -> Bool {
            let open = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
            if open.contains(path) { return true }
            switch permission {
            case .admin?: return true
            case .rules?:
                return path == "/api" || path == "/apis" || path.hasPrefix("/api/") || path.hasPrefix("/apis/")
            case nil: return false
            }
        }
    }

    private let tokens: [PocketConfiguration.Token]

    init(_ tokens: [PocketConfiguration.Token]) { self.tokens = tokens }

    /// The caller with this `Authorization` header; nobody in particular without one. Throws 401 for a token that is
    /// none of ours, and for another scheme.
    func caller(authorization: String?) throws(Status) -> Caller {
        guard let authorization, !authorization.isEmpty else { return .anonymous }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw .unauthorized }
        let given = Array(parts[1].utf8)
        // Every token is compared to its end, so that the time taken says nothing about any of them.
        let matches = tokens.filter { isEqual(Array($0.token.reveal().utf8), given) }
        guard let token = matches.first else { throw .unauthorized }
        return Caller(name: token.name, permission: token.permission)
    }

    private func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        var difference = left.count ^ right.count
        for index in left.indices where index < right.count { difference |= Int(left[index] ^ right[index]) }
        return difference == 0
    }
}

extension Access.Caller {
    /// Throws 403 in the words of a real server unless the caller may do it.
    func authorize(_ verb: String, _ target: Target.Resource, name: String) throws(Status) {
        guard !may(verb, target.ruleName, in: target.namespace) else { return }
        let subject = name.isEmpty ? target.name : "\(target.name) \"\(name)\""
        let place = target.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(target.namespace)\""
        var details: JSON = ["kind": .string(target.name)]
        details["name"] = name.isEmpty ? JSON?.none : .string(name)
        details["group"] = target.group.isEmpty ? JSON?.none : .string(target.group)
        let group = target.group.isEmpty ? "" : "." + target.group
        throw Status(
            code: 403, reason: "Forbidden",
            message: "\(subject.replacing(target.name, with: target.name + group, maxReplacements: 1)) is forbidden: "
                + "User \"\(self.name)\" cannot \(verb) resource \"\(target.ruleName)\" in API group "
                + "\"\(target.group)\" \(place)",
            details: details, isAccessRule: true)
    }

    func authorize(path: String, verb: String) throws(Status) {
        guard verb != "get" || !mayGet(path: path) else { return }
        if case .admin? = permission { return }
        throw Status(
            code: 403, reason: "Forbidden",
            message: "forbidden: User \"\(name)\" cannot \(verb) path \"\(path)\"", details: [:],
            isAccessRule: true)
    }
}

extension [String] {
    fileprivate func contains(any word: String) -> Bool { contains(word) || contains("*") }
}
