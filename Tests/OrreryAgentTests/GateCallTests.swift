import Testing

@testable import OrreryAgent

/// What a hub may ask of a cluster, by method and target alone.
struct GateCallTests {
    static let scope = GateScope(namespaces: ["orrery", "lab"], hub: "facility")
    private static let pods = "/api/v1/namespaces/orrery/pods"
    private static let own = "labelSelector=orrery.io%2Fhub%3Dfacility"
    private static let pod = "nb-ada-01k0000000session00000000a"

    struct Passing: Sendable, CustomTestStringConvertible {
        let method: String
        let target: String
        var rewritten: String?
        let title: String

        var testDescription: String { "\(method) \(target)" }
    }

    private static let following = "fieldSelector=involvedObject.kind%3DPod"

    /// What `KubernetesClient` and the spawner send, letter by letter.
    static let passing: [Passing] = [
        Passing(method: "GET", target: "\(pods)?\(own)&limit=500", title: "list pods"),
        Passing(method: "GET", target: "\(pods)?\(own)&limit=500&continue=eyJ2IjoibWV0YSJ9", title: "list pods"),
        Passing(method: "GET", target: "\(pods)?\(own)", title: "list pods"),
        Passing(
            method: "GET",
            target: "\(pods)?watch=1&\(own)&resourceVersion=17&allowWatchBookmarks=true&timeoutSeconds=75",
            title: "watch pods"),
        Passing(method: "GET", target: "/api/v1/namespaces/lab/events?\(following)&limit=500", title: "list events"),
        Passing(
            method: "GET",
            target: "/api/v1/namespaces/lab/events?watch=1&\(following)&resourceVersion=17&allowWatchBookmarks=true"
                + "&timeoutSeconds=60", title: "watch events"),
        Passing(method: "GET", target: "/api/v1/namespaces/lab/configmaps?\(own)&limit=500", title: "list configmaps"),
        Passing(method: "GET", target: "\(pods)/\(pod)", title: "get pods"),
        Passing(
            method: "GET", target: "\(pods)/\(pod)/log?container=notebook&tailLines=20&limitBytes=65536",
            title: "get pods/log"),
        Passing(method: "POST", target: "\(pods)?fieldValidation=Strict", title: "create pods"),
        Passing(method: "POST", target: pods, rewritten: "\(pods)?fieldValidation=Strict", title: "create pods"),
        Passing(
            method: "POST", target: "/api/v1/namespaces/lab/secrets?fieldValidation=Strict", title: "create secrets"),
        Passing(
            method: "POST", target: "/api/v1/namespaces/lab/configmaps?fieldValidation=Strict",
            title: "create configmaps"),
        Passing(
            method: "POST", target: "/api/v1/namespaces/lab/persistentvolumeclaims?fieldValidation=Strict",
            title: "create persistentvolumeclaims"),
        Passing(
            method: "PATCH", target: "/api/v1/namespaces/lab/secrets/\(pod)-tokens?fieldValidation=Strict",
            title: "patch secrets"),
        Passing(method: "DELETE", target: "\(pods)/\(pod)", title: "delete pods"),
        Passing(method: "DELETE", target: "/api/v1/namespaces/lab/secrets/\(pod)-token", title: "delete secrets"),
        Passing(
            method: "DELETE", target: "/api/v1/namespaces/lab/configmaps/\(pod)-accounts", title: "delete configmaps"),
        Passing(
            method: "GET", target: "/api/v1/namespaces/lab/persistentvolumeclaims/jhome.ada",
            title: "get persistentvolumeclaims"),
        Passing(
            method: "GET", target: "\(pods)?labelSelector=%6frrery.io/hub%3dfacility".replacing("/hub", with: "%2fhub"),
            rewritten: "\(pods)?\(own)", title: "list pods"),
    ]

    @Test(arguments: passing) func whatAHubSendsPasses(_ call: Passing) throws {
        let verdict = try GateCall.judge(method: call.method, target: call.target, in: Self.scope)
        #expect(verdict.rule.title == call.title)
        #expect(verdict.target == call.rewritten ?? call.target)
    }

    @Test func everyRuleIsUsedByAHub() {
        #expect(Set(Self.passing.map(\.title)) == Set(GateRule.all.map(\.title)))
    }

    static let refused: [(method: String, target: String)] = [
        // Other places.
        ("GET", "/api/v1/namespaces/kube-system/pods?\(own)"), ("GET", "/api/v1/pods?\(own)"), ("GET", "/api/v1/nodes"),
        ("GET", "/api/v1/namespaces"), ("GET", "/api/v1/namespaces/orrery"), ("DELETE", "/api/v1/namespaces/orrery"),
        ("GET", "/apis/apps/v1/namespaces/orrery/deployments"), ("GET", "/"), ("GET", ""), ("GET", "/version"),
        ("GET", "/api/v1/watch/namespaces/orrery/pods"), ("GET", "/healthz"),
        // Other things to do there.
        ("POST", "\(pods)/\(pod)/exec"), ("GET", "\(pods)/\(pod)/exec?command=sh"), ("POST", "\(pods)/\(pod)/attach"),
        ("GET", "\(pods)/\(pod)/attach"), ("POST", "\(pods)/\(pod)/portforward"), ("GET", "\(pods)/\(pod)/portforward"),
        ("GET", "\(pods)/\(pod)/proxy"), ("GET", "\(pods)/\(pod)/proxy/admin"), ("POST", "\(pods)/\(pod)/binding"),
        ("POST", "\(pods)/\(pod)/eviction"), ("PATCH", "\(pods)/\(pod)/ephemeralcontainers"),
        ("PUT", "\(pods)/\(pod)"), ("PATCH", "\(pods)/\(pod)"), ("PATCH", "\(pods)/\(pod)/status"),
        ("DELETE", "\(pods)?\(own)"), ("DELETE", pods), ("GET", "/api/v1/namespaces/orrery/secrets"),
        ("GET", "/api/v1/namespaces/orrery/secrets?\(own)"), ("GET", "/api/v1/namespaces/orrery/secrets/\(pod)-token"),
        ("GET", "/api/v1/namespaces/orrery/configmaps/\(pod)-accounts"),
        ("POST", "/api/v1/namespaces/orrery/serviceaccounts/default/token"),
        ("GET", "/api/v1/namespaces/orrery/serviceaccounts"), ("POST", "/api/v1/namespaces/orrery/services"),
        ("GET", "/api/v1/namespaces/orrery/services/kubernetes/proxy"), ("OPTIONS", pods), ("CONNECT", pods),
        ("HEAD", "\(pods)/\(pod)"), ("get", "\(pods)/\(pod)"), ("POST", "\(pods)/\(pod)"),
        ("DELETE", "/api/v1/namespaces/orrery/persistentvolumeclaims/jhome.ada"),
        // Objects that are no session's.
        ("GET", "\(pods)/database-0"), ("DELETE", "\(pods)/orrery-agent-1"),
        ("DELETE", "/api/v1/namespaces/orrery/secrets/orrery-agent-key"),
        ("PATCH", "/api/v1/namespaces/orrery/secrets/nb-ada"),
        ("DELETE", "/api/v1/namespaces/orrery/configmaps/kube-root-ca.crt"),
        // Lists without the selector, or with more than it.
        ("GET", pods), ("GET", "\(pods)?limit=500"), ("GET", "\(pods)?labelSelector="),
        ("GET", "\(pods)?labelSelector=orrery.io%2Fhub%3Dother"), ("GET", "\(pods)?labelSelector=orrery.io%2Fhub"),
        ("GET", "\(pods)?labelSelector=orrery.io%2Fhub%3Dfacility%2Cx%3Dy"),
        ("GET", "\(pods)?labelSelector=orrery.io%2Fhub+in+%28facility%29"),
        ("GET", "\(pods)?watch=1&timeoutSeconds=60"),
        ("GET", "/api/v1/namespaces/orrery/events"),
        ("GET", "/api/v1/namespaces/orrery/events?fieldSelector=type%3DNormal"),
        // Another meaning by the query.
        ("GET", "\(pods)?\(own)&watch=true&timeoutSeconds=60"), ("GET", "\(pods)?\(own)&watch=1"),
        ("GET", "\(pods)?\(own)&\(own)"), ("GET", "\(pods)?\(own)&labelSelector="),
        ("GET", "\(pods)?\(own)&limit=1&limit=2"), ("GET", "\(pods)?\(own)&%6Cimit=1"), ("GET", "\(pods)?\(own)&limit"),
        ("GET", "\(pods)?\(own);limit=1"), ("GET", "\(pods)?\(own)&"), ("GET", "\(pods)??\(own)"),
        ("GET", "\(pods)?\(own)&limit=-1"), ("GET", "\(pods)?\(own)&limit=+1"), ("GET", "\(pods)?\(own)&limit=1e9"),
        ("GET", "\(pods)?\(own)&limit=99999999999999999999"), ("GET", "\(pods)?\(own)&resourceVersionMatch=Exact"),
        ("GET", "\(pods)?\(own)&continue=a%00b"), ("GET", "\(pods)?\(own)&continue=%zz"),
        ("GET", "\(pods)?\(own)&continue=%C3%A4"),
        ("GET", "\(pods)/\(pod)?watch=1"), ("GET", "\(pods)/\(pod)/log?follow=true"),
        ("GET", "\(pods)/\(pod)/log?previous=true"), ("GET", "\(pods)/\(pod)/log?container=a/b"),
        ("POST", "\(pods)?dryRun=All"), ("POST", "\(pods)?fieldValidation=Ignore"),
        ("POST", "\(pods)?fieldManager=x&fieldValidation=Strict"), ("DELETE", "\(pods)/\(pod)?gracePeriodSeconds=0"),
        ("DELETE", "\(pods)/\(pod)?propagationPolicy=Orphan"),
        // Tricks with the path.
        ("GET", "/api/v1/namespaces/orrery/../kube-system/pods?\(own)"),
        ("GET", "/api/v1/namespaces/orrery/./pods?\(own)"),
        ("GET", "/api/v1/namespaces/orrery//pods?\(own)"), ("GET", "//api/v1/namespaces/orrery/pods?\(own)"),
        ("GET", "\(pods)/?\(own)"), ("GET", "/api/v1/namespaces/orrery%2Fpods?\(own)"),
        ("GET", "\(pods)/\(pod)%2Fexec"),
        ("GET", "/api/v1/namespaces/orrery/%2e%2e/kube-system/pods?\(own)"), ("GET", "\(pods)/.."),
        ("GET", "\(pods)/..%2fx"),
        ("GET", "/API/v1/namespaces/orrery/pods?\(own)"), ("GET", "/api/v1/namespaces/Orrery/pods?\(own)"),
        ("GET", "\(pods);x?\(own)"), ("GET", "\(pods)#?\(own)"), ("GET", "\\api\\v1\\namespaces\\orrery\\pods?\(own)"),
        ("GET", "http://evil.example/api/v1/namespaces/orrery/pods?\(own)"),
        ("GET", "api/v1/namespaces/orrery/pods?\(own)"),
        ("GET", "\(pods)/nb-ada-1./log"), ("GET", "\(pods)/nb-ada-\u{212A}"), ("GET", "\(pods)/nb-ada 1"),
        ("GET", "\(pods)\r\nX: y?\(own)"), ("GET", "\(pods)/\(pod)/log/x"), ("GET", "\(pods)?\(own)?x"),
    ]

    @Test(arguments: refused) func everythingElseIsRefused(_ call: (method: String, target: String)) {
        #expect(throws: GateRefusal.self) {
            try GateCall.judge(method: call.method, target: call.target, in: Self.scope)
        }
    }

    @Test func aRefusalSaysWhoRefuses() {
        #expect {
            try GateCall.judge(method: "GET", target: "/api/v1/namespaces/kube-system/pods", in: Self.scope)
        } throws: { ($0 as? GateRefusal)?.cause == .policy }
        #expect {
            try GateCall.judge(method: "GET", target: "\(Self.pods)/\(Self.pod)/exec", in: Self.scope)
        } throws: { ($0 as? GateRefusal) == GateRefusal("no hub may GET pods/…/exec") }
    }
}
