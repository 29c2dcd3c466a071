import OrreryModel

/// Any bytes at all as a call of a hub. `GateCall` and what it needs are compiled into the fuzzer itself.
enum GateReading {
    private static let scope = GateScope(namespaces: ["orrery", "lab"], hub: "facility")
    private static let methods = ["GET", "POST", "PATCH", "DELETE", "PUT", "get", "OPTIONS", "CONNECT", "HEAD"]
    private static let resources: Set = ["pods", "events", "configmaps", "secrets", "persistentvolumeclaims"]

    /// The first byte says the method, the rest is the target.
    static func fault(_ bytes: [UInt8]) -> String? {
        guard let first = bytes.first else { return nil }
        let method = methods[Int(first) % methods.count]
        let target = String(decoding: bytes.dropFirst(), as: UTF8.self)
        guard let call = try? GateCall.judge(method: method, target: target, in: scope) else { return nil }
        return outside(call, method) ?? another(call, target, method)
    }

    /// What is allowed stays in its namespaces, and is none of what nobody may do.
    private static func outside(_ call: GateCall, _ method: String) -> String? {
        let parts = call.target.utf8.prefix { $0 != UInt8(ascii: "?") }
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { String($0) ?? "" }
        guard parts.count >= 6, parts.count <= 8, parts[..<4].elementsEqual(["", "api", "v1", "namespaces"]),
            scope.namespaces.containsExactly(parts[4])
        else { return "\(call.target) was allowed, and lies in no namespace of the hub" }
        guard resources.contains(parts[5]), parts.count < 8 || parts[7] == "log" else {
            return "\(call.target) was allowed, which nobody may do"
        }
        if parts[5] == "secrets", method == "GET" { return "\(call.target) was allowed, which reads Secrets" }
        if !["GET", "POST", "PATCH", "DELETE"].contains(method) { return "\(method) was allowed" }
        if parts.count == 6, method == "DELETE" { return "\(call.target) was allowed, which deletes a collection" }
        guard parts[5] == "pods", parts.count == 6, method == "GET" else { return nil }
        let own = Reading(call.target).parameters["labelSelector"]
        return own == [scope.selector] ? nil : "\(call.target) was allowed, which shows pods of others"
    }

    /// What goes on means what came, however a server may read that; and it is judged as what came was.
    private static func another(_ call: GateCall, _ target: String, _ method: String) -> String? {
        guard let again = try? GateCall.judge(method: method, target: call.target, in: scope), again == call else {
            return "\(call.target) is judged otherwise than \(target)"
        }
        var (came, goes) = (Reading(target), Reading(call.target))
        if came.parameters["fieldValidation"] == nil { goes.parameters["fieldValidation"] = nil }
        came.parameters["fieldValidation"] = goes.parameters["fieldValidation"]
        return came == goes ? nil : "\(target) became \(call.target), which says something else"
    }

    /// A target as the most generous server reads it: the path decoded and cleaned, the parameters decoded, every value kept.
    private struct Reading: Equatable {
        var segments: [String] = []
        var parameters: [String: [String]] = [:]

        init(_ text: String) {
            let parts = Array(text.utf8).split(
                separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
            for segment in Self.decoded(parts.first ?? []).split(separator: UInt8(ascii: "/")) {
                switch String(decoding: segment, as: UTF8.self) {
                case ".": continue
                case "..": _ = segments.popLast()
                case let name: segments.append(name)
                }
            }
            guard parts.count > 1 else { return }
            for pair in parts[1].split(whereSeparator: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") }) {
                let sides = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                    .map { String(decoding: Self.decoded($0, plusIsBlank: true), as: UTF8.self) }
                parameters[sides.first ?? "", default: []].append(sides.count > 1 ? sides[1] : "")
            }
        }

        private static func decoded(_ bytes: ArraySlice<UInt8>, plusIsBlank: Bool = false) -> [UInt8] {
            var rest = bytes
            var found: [UInt8] = []
            while let byte = rest.popFirst() {
                if byte == UInt8(ascii: "%"),
                    let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                {
                    found.append(value)
                    rest = rest.dropFirst(2)
                } else {
                    found.append(plusIsBlank && byte == UInt8(ascii: "+") ? 0x20 : byte)
                }
            }
            return found
        }
    }

    /// Where to begin, each with the bytes in front that lead here and to its method.
    static let seeds: [[UInt8]] = targets.map { [9, UInt8($0.method)] + Array($0.target.utf8) }

    private static let pods = "/api/v1/namespaces/orrery/pods"
    private static let own = "labelSelector=orrery.io%2Fhub%3Dfacility"
    private static let targets: [(method: Int, target: String)] = [
        (0, "\(pods)?\(own)&limit=500&continue=abc"), (0, "\(pods)/nb-ada-1/log?container=notebook&tailLines=5"),
        (0, "\(pods)?watch=1&\(own)&resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=60"),
        (0, "/api/v1/namespaces/lab/events?fieldSelector=involvedObject.kind%3DPod&limit=5"), (0, "\(pods)/nb-ada-1"),
        (1, "\(pods)?fieldValidation=Strict"), (1, "/api/v1/namespaces/lab/secrets"), (3, "\(pods)/nb-ada-1"),
        (2, "/api/v1/namespaces/lab/secrets/nb-ada-1-tokens?fieldValidation=Strict"),
        (1, "\(pods)/nb-ada-1/exec?command=sh"),
        (3, "/api/v1/namespaces/lab/configmaps/nb-ada-1-accounts"),
        (0, "/api/v1/namespaces/lab/../kube-system/pods?\(own)"),
        (0, "\(pods)/%2e%2e/secrets"), (0, "\(pods)?\(own)&%6c%69mit=5;watch=1"), (0, "\(pods)/nb-ada-1%2fexec"),
    ]
}
