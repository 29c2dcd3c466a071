internal import OrreryModel

/// Who may do what: the tokens of the configuration and those of service accounts, and the Roles bound to them.
struct Access: Sendable {
    /// Who asks.
    struct Caller: Sendable {
        let name: String
        fileprivate let permission: PocketConfiguration.Token.Permission?
        fileprivate let bindings: Bindings?

        static let anonymous = Caller(name: "system:anonymous", permission: nil, bindings: nil)

        /// Whether the caller came with a token that is good here.
        var isKnown: Bool { bindings != nil }

        /// The groups a real server would put this user into.
        var groups: [String] {
            if case .admin? = permission { return ["system:masters", "system:authenticated"] }
            let parts = name.split(separator: ":")
            guard parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount" else {
                return [isKnown ? "system:authenticated" : "system:unauthenticated"]
            }
            return ["system:serviceaccounts", "system:serviceaccounts:\(parts[2])", "system:authenticated"]
        }

        /// `resource` is `pods`, or `pods/log`; an empty `name` means none in particular.
        func may(_ verb: String, _ resource: String, in namespace: String, group: String, name: String) -> Bool {
            if case .admin? = permission { return true }
            return rules(in: namespace).contains { $0.allows(verb, resource, group: group, name: name) }
        }

        /// What the caller may do in a namespace, by the configuration first, then by its bindings.
        func rules(in namespace: String) -> [AccessRule] {
            let bound = bindings?.rules(of: name, groups: groups, in: namespace) ?? []
            guard case .rules(let rules, let own)? = permission, namespace == own else { return bound }
            return rules.map(AccessRule.init) + bound
        }

        /// The paths beside the objects: health and version are everybody's, discovery is for those who are known.
        func mayGet(path: String) -> Bool {
            let open = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
            if open.contains(path) { return true }
            switch permission {
            case .admin?: return true
            case .rules?, nil:
                let isDiscovery =
                    path == "/api" || path == "/apis" || path.hasPrefix("/api/") || path.hasPrefix("/apis/")
                return isKnown && isDiscovery
            }
        }
    }

    private let tokens: [PocketConfiguration.Token]
    let issued: IssuedTokens
    let bindings: Bindings

    init(_ tokens: [PocketConfiguration.Token], issued: IssuedTokens, objects: ObjectStore) {
        self.tokens = tokens
        self.issued = issued
        bindings = Bindings(store: objects)
    }

    /// The caller with this `Authorization` header; nobody in particular without one. Throws 401 for a token that is
    /// none of ours, and for another scheme.
    func caller(authorization: String?) throws(Status) -> Caller {
        guard let authorization, !authorization.isEmpty else { return .anonymous }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw .unauthorized }
        let given = Array(parts[1].utf8)
        // Every token is compared to its end, so that the time taken says nothing about any of them.
        let matches = tokens.filter { isEqual(Array($0.token.reveal().utf8), given) }
        if let token = matches.first {
            return Caller(name: token.name, permission: token.permission, bindings: bindings)
        }
        guard let account = account(String(parts[1])) else { throw .unauthorized }
        return Caller(name: account, permission: nil, bindings: bindings)
    }

    /// The service account whose token this is, as long as both the token and the account are good.
    private func account(_ token: String) -> String? {
        guard let found = issued.find(token), found.audiences.contains(IssuedTokens.ownAudience) else { return nil }
        let key = ObjectStore.Key(kind: .serviceaccounts, namespace: found.namespace, name: found.account)
        guard bindings.store.object(key)?["metadata"]?["uid"]?.string == found.uid else { return nil }
        return "system:serviceaccount:\(found.namespace):\(found.account)"
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
        guard !may(verb, target.ruleName, in: target.namespace, group: target.group, name: name) else { return }
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
