import Foundation
import OrreryModel
import Testing

@testable import OrreryPocket

/// Sends what was recorded with a real API server to pocket, and compares what comes back.
@Suite(.enabled(if: RecordedCase.directory != nil, "no recordings beside this repository"))
struct APIRecordedTests {
    /// The cases that are replayed as they are, each against a pocket with the objects that the recording began with.
    static let plain = [
        "anonymous-403", "delete-not-found-404", "delete-precondition-409", "deletecollection-200", "field-validation",
        "forbidden-403-rbac", "gc-ownerreference", "healthz", "kubelet-delete-body-beats-query",
        "kubelet-delete-grace-0",
        "list-limit-continue", "list-selectors", "method-not-allowed-405", "namespace-create-201",
        "namespace-terminating-403", "not-found-path-404", "patch", "pod-annotations-too-long-422",
        "pod-bad-request-400", "pod-create-201", "pod-create-409", "pod-delete-pending-200", "pod-dryrun-201",
        "pod-generatename-201", "pod-get-200", "pod-immutable-422", "pod-invalid-422", "pod-namespace-404",
        "pod-priorityclass-missing-403", "pod-serviceaccount-missing-403", "pod-too-large-413",
        "pod-unsupported-media", "pod-yaml-body-201", "pvc-create-201", "pvc-create-409",
        "pvc-delete-unscheduled-200", "pvc-immutable-422", "pvc-resize-unbound-422", "quota-exceeded-403",
        "selfsubjectaccessreview-201", "selfsubjectreview-201", "unauthorized-401", "update-conflict-409", "version",
        "watch-bad-rv-500",
    ]

    /// The cases that need more than sending, each with a test of its own below.
    static let special = [
        "discovery-legacy", "list-continue-expired-410", "list-rv-future", "too-many-requests-429",
        "watch-events-bookmark", "watch-future-rv", "watch-gone-410", "watch-initial-events", "watch-no-rv",
        "watch-single", "serviceaccount-create-201", "role-and-binding-create-201", "role-escalation-403",
        "selfsubjectrulesreview-201", "token-wrong-audience-401", "tokenrequest-201", "tokenrequest-audience",
        "tokenrequest-too-short-422",
    ]

    /// The cases that are not replayed, and why.
    static let left: [String: [String]] = [
        "not part of a pocket cluster": [
            "csr-denied", "csr-flow", "discovery-aggregated", "lease", "limitrange", "list-gzip", "list-metadata-only",
            "list-table", "openapi-v3-list", "podsecurity-restricted-403", "podsecurity-warn-201",
            "server-side-apply", "service", "tokenreview-201", "kubelet-eviction-api", "kubelet-proxy-paths",
        ],
        "about the life of a pod, which the tests of the node compare": [
            "kubelet-bad-command", "kubelet-completed", "kubelet-crashloop", "kubelet-deadline",
            "kubelet-double-delete", "kubelet-failed", "kubelet-ignores-sigterm", "kubelet-image-invalid-name",
            "kubelet-image-missing", "kubelet-image-never-pull", "kubelet-init-container", "kubelet-init-fails",
            "kubelet-insufficient-resources", "kubelet-liveness", "kubelet-missing-configmap",
            "kubelet-missing-hostpath", "kubelet-missing-secret-volume", "kubelet-node-lost",
            "kubelet-nonroot-violation", "kubelet-oom", "kubelet-pvc-in-use", "kubelet-pvc-unbound",
            "kubelet-readiness-never", "kubelet-running-graceful", "node", "pod-unschedulable", "pvc-watch",
        ],
        "takes minutes; the tests of watches have it with a shorter interval": ["watch-bookmark-1min"],
        "what a process does while it stops; pocket ends its watches at once": ["apiserver-restart-watch"],
        "every version since an old start is replayed; the tests of watches resume from one of their own": [
            "watch-old-rv-in-cache"
        ],
        "names the hooks of one implementation": ["readyz-verbose"],
    ]

    @Test func everyRecordedCaseIsReplayedOrLeftOutForAReason() throws {
        let known = Self.plain + Self.special + Self.left.values.joined()
        #expect(try RecordedCase.names == known.sorted())
    }

    @Test(arguments: plain)
    func answersAsRecorded(name: String) async throws {
        let recorded = try RecordedCase(name)
        try await LivePocket.run { pocket in
            try await Self.prepare(name, pocket)
            for (index, exchange) in recorded.exchanges.enumerated() where !Self.isLeft(exchange, name) {
                let reply = try await exchange.client(pocket).send(
                    exchange.method, Self.path(exchange.path, pocket), exchange.body, headers: exchange.headers)
                let place = "\(name)[\(index)] \(exchange.method) \(exchange.path)"
                if name.hasPrefix("kubelet-") {
                    // The body of a running pod is for the most part what a kubelet wrote.
                    #expect(reply.status == exchange.status, "\(place)")
                    if exchange.method == "POST" { Self.start(exchange, pocket) }
                } else {
                    Self.compare(reply, exchange, place)
                }
            }
        }
    }

    /// A watch among the exchanges of a case is compared by the tests of watches; the events of pods are the node's.
    private static func isLeft(_ exchange: RecordedCase.Exchange, _ name: String) -> Bool {
        exchange.path.contains("watch=1") && exchange.status == 200 || exchange.path.contains("/events")
    }

    /// Continue tokens carry a version of the cluster that made them.
    private static func path(_ path: String, _ pocket: LivePocket) throws -> String {
        guard let match = path.firstMatch(of: /continue=(eyJ[A-Za-z0-9_-]+)/) else { return path }
        let token = try ContinueToken(String(match.output.1))
        return path.replacing(match.output.1, with: ContinueToken(version: pocket.store.version, last: token.last).text)
    }

    private static func start(_ exchange: RecordedCase.Exchange, _ pocket: LivePocket) {
        let name = (try? JSON(parsing: exchange.body ?? []))?["metadata"]?["name"]?.string ?? ""
        pocket.bind(name, namespace: "work")
    }

    static func compare(_ reply: Reply, _ exchange: RecordedCase.Exchange, _ place: String) {
        #expect(reply.status == exchange.status, "\(place)")
        for name in ["Content-Type", "Warning", "Retry-After", "Cache-Control", "X-Content-Type-Options"] {
            let recorded = exchange.responseHeaders.filter { $0.name == name }.map(\.value)
            #expect(reply.all(name) == recorded, "\(place): \(name)")
        }
        #expect(reply.all("Audit-Id").count == 1, "\(place)")
        guard let recorded = try? JSON(parsing: Array(exchange.responseBody.utf8)) else {
            return #expect(reply.body == exchange.responseBody, "\(place)")
        }
        let (ours, theirs) = (adjusted(reply.json.normalized), adjusted(recorded.normalized))
        #expect(ours == theirs, "\(place)\nours:   \(ours.text)\ntheirs: \(theirs.text)")
    }

    /// What is pocket's own in a few answers.
    private static func adjusted(_ body: JSON) -> JSON {
        var body = body
        // Where a name made from `generateName` stands in the list is chance, in the recording too.
        if let items = body["items"]?.array {
            body["items"] = .array(
                items.sorted { ($0["metadata"]?["name"]?.string ?? "") < ($1["metadata"]?["name"]?.string ?? "") })
        }
        if body["gitVersion"] != nil {
            for name in ["gitVersion", "gitCommit", "goVersion", "compiler", "platform"] { body[name] = nil }
        }
        if body["kind"] == "SelfSubjectReview" {
            for name in ["uid", "extra"] { body["status"]?["userInfo"]?[name] = nil }
        }
        // Which token it is and when it ends differs from one to the next; what everybody may get is a real server's.
        if body["kind"] == "TokenRequest" { body["status"] = nil }
        if body["kind"] == "SelfSubjectRulesReview" { body["status"]?["nonResourceRules"] = nil }
        if body["metadata"]?["continue"] != nil { body["metadata"]?["continue"] = "…" }
        // The recorded pods sit in the middle of a list that other cases filled.
        if body["metadata"]?["remainingItemCount"] != nil { body["metadata"]?["remainingItemCount"] = "…" }
        return body
    }
}
