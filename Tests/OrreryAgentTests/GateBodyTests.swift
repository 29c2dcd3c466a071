import OrreryModel
import OrreryPocket
import Testing

@testable import OrreryAgent

/// What the bodies of a hub may be.
struct GateBodyTests {
    private static let mark = #""metadata":{"name":"nb-ada-1-token","labels":{"orrery.io/hub":"facility"}}"#
    private static let podMark = mark.replacing("-token", with: "")
    private static let base = "/api/v1/namespaces/orrery/"

    private static func read(_ text: String, _ method: String, _ place: String) throws -> GateBody {
        let call = try GateCall.judge(method: method, target: base + place, in: GateCallTests.scope)
        return try GateBody(Array(text.utf8), of: call, in: GateCallTests.scope)
    }

    @Test(arguments: [
        (#"{"kind":"Pod","apiVersion":"v1",\#(podMark),"spec":{}}"#, "POST", "pods"),
        (#"{"kind":"Secret","apiVersion":"v1",\#(mark),"stringData":{"token":"x"}}"#, "POST", "secrets"),
        (#"{"kind":"Secret","apiVersion":"v1",\#(mark),"type":"Opaque","data":{}}"#, "POST", "secrets"),
        (#"{"stringData":{"bt_u1":"x","old":null}}"#, "PATCH", "secrets/nb-ada-1-tokens"),
        (
            #"{"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":30,"preconditions":{"uid":"u"}}"#,
            "DELETE",
            "pods/nb-ada-1"
        ), ("", "DELETE", "secrets/nb-ada-1-token"),
    ]) func whatAHubSendsPasses(_ text: String, _ method: String, _ place: String) throws {
        let body = try Self.read(text, method, place)
        if !text.isEmpty { #expect(try JSON(parsing: try body.bytes()) == JSON(parsing: Array(text.utf8))) }
    }

    @Test(arguments: [
        // Not ours.
        (#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"nb-ada-1"},"spec":{}}"#, "POST", "pods"),
        (
            #"{"kind":"Pod","apiVersion":"v1",\#(podMark.replacing("facility", with: "other")),"spec":{}}"#, "POST",
            "pods"
        ),
        (#"{"kind":"Pod","apiVersion":"v1",\#(podMark.replacing("nb-", with: "kube-")),"spec":{}}"#, "POST", "pods"),
        (#"{"kind":"Pod","apiVersion":"v1",\#(podMark),"spec":{},"status":{}}"#, "POST", "pods"),
        (#"{"kind":"Service","apiVersion":"v1",\#(podMark),"spec":{}}"#, "POST", "pods"),
        (
            #"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"nb-a","namespace":"kube-system","labels":{"orrery.io/hub":"facility"}},"spec":{}}"#,
            "POST", "pods"
        ),
        (
            #"{"kind":"Pod","apiVersion":"v1","metadata":{"generateName":"nb-a","labels":{"orrery.io/hub":"facility"}},"spec":{}}"#,
            "POST", "pods"
        ),
        (
            #"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"nb-a","labels":{"orrery.io/hub":"facility","app":"database"}},"spec":{}}"#,
            "POST", "pods"
        ),
        (
            #"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"nb-a","labels":{"orrery.io/hub":"facility"},"annotations":{"k8s.v1.cni.cncf.io/networks":"site"}},"spec":{}}"#,
            "POST", "pods"
        ),
        (
            #"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"nb-a","labels":{"orrery.io/hub":"facility"},"ownerReferences":[]},"spec":{}}"#,
            "POST", "pods"
        ),
        // A Secret that the cluster would fill with a token.
        (
            #"{"kind":"Secret","apiVersion":"v1",\#(mark),"type":"kubernetes.io/service-account-token"}"#, "POST",
            "secrets"
        ),
        // More than is said.
        (#"{"stringData":{"a":"b"},"metadata":{"labels":{}}}"#, "PATCH", "secrets/nb-ada-1-tokens"),
        (#"[{"op":"remove","path":"/data"}]"#, "PATCH", "secrets/nb-ada-1-tokens"),
        (#"{"propagationPolicy":"Orphan"}"#, "DELETE", "pods/nb-ada-1"),
        (#"{"gracePeriodSeconds":-1}"#, "DELETE", "pods/nb-ada-1"),
        (#"{"gracePeriodSeconds":301}"#, "DELETE", "pods/nb-ada-1"),
        (#"{"preconditions":{"resourceVersion":"1"}}"#, "DELETE", "pods/nb-ada-1"),
        // What two readers may read differently.
        (#"{"kind":"Pod","apiVersion":"v1",\#(podMark),"spec":{"a":1,"a":2}}"#, "POST", "pods"),
        (#"{"kind":"Pod","apiVersion":"v1",\#(podMark),"spec":null}"#, "POST", "pods"),
        ("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\(podMark),\"spec\":{\"\u{212A}\":1}}", "POST", "pods"),
        ("kind: Pod", "POST", "pods"), ("", "POST", "pods"), ("{} {}", "POST", "pods"),
    ]) func anythingElseIsRefused(_ text: String, _ method: String, _ place: String) {
        #expect(throws: GateRefusal.self) { try Self.read(text, method, place) }
    }

    @Test func anOversizedBodyIsCalledSo() {
        let text =
            #"{"kind":"Secret","apiVersion":"v1",\#(Self.mark),"stringData":{"token":"\#(String(repeating: "x", count: 1 << 20))"}}"#
        #expect { try Self.read(text, "POST", "secrets") } throws: { ($0 as? GateRefusal)?.status == 413 }
    }

    @Test func aDeletionIsBoundToThePodThatWasLookedAt() throws {
        var body = try Self.read("", "DELETE", "pods/nb-ada-1")
        body.bind(toUID: "u-1")
        #expect(body.json["preconditions"] == ["uid": "u-1"])
        var own = try Self.read(#"{"preconditions":{"uid":"mine"}}"#, "DELETE", "pods/nb-ada-1")
        own.bind(toUID: "u-1")
        #expect(own.json["preconditions"] == ["uid": "mine"])
    }
}
