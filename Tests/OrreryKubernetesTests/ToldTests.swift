import FoundationEssentials
import OrreryModel
import Testing

@testable import OrreryKubernetes

/// What is read in one pass is what the decoder would have made of the line.
struct ToldTests {
    private static func same<Object: KubernetesObject>(_ one: WatchEvent<Object>?, _ other: WatchEvent<Object>?) -> Bool
    {
        switch (one, other) {
        case (.added(let one)?, .added(let other)?), (.modified(let one)?, .modified(let other)?),
            (.deleted(let one)?, .deleted(let other)?):
            one == other
        default: false
        }
    }

    static let pod = #"""
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "nb-ada", "namespace": "hub", "uid": "u-1",
        "resourceVersion": "7", "creationTimestamp": "2027-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30,
        "deletionTimestamp": null, "labels": {"a/b": "c", "d": "é \" \n"}, "annotations": {},
        "managedFields": [{"fieldsV1": {"f:metadata": {"}": "]"}}}]},
        "spec": {"containers": [{"name": "notebook", "image": "i", "ports": [{"containerPort": 8888, "protocol": "TCP"}],
        "env": [{"name": "A", "value": "{"}]}, {"ports": null}], "hostNetwork": false, "nodeName": "n",
        "schedulingGates": [{"name": "g"}]},
        "status": {"phase": "Running", "podIP": "10.1.2.3", "podIPs": [{"ip": "10.1.2.3"}],
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": null, "reason": "r", "message": "m"}],
        "containerStatuses": [{"name": "notebook", "ready": true, "restartCount": 2, "image": "i",
        "state": {"running": {"startedAt": "2027-01-01T00:00:02Z"}}, "lastState": {}},
        {"name": "b", "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "message": null}}},
        {"name": "c", "state": {"waiting": {"reason": "ErrImagePull", "message": "no"}}}]}}
        """#
    static let event = #"""
        {"metadata": {"name": "e", "resourceVersion": "9"}, "involvedObject": {"kind": "Pod", "name": "nb-ada",
        "uid": "u-1", "fieldPath": "spec.containers{notebook}"}, "reason": "Pulled", "message": "there", "type": "Normal",
        "count": 3, "source": {"component": "kubelet"}, "firstTimestamp": null}
        """#

    @Test(arguments: ["ADDED", "MODIFIED", "DELETED"])
    func aPodIsTheSameEitherWay(_ type: String) throws {
        let line = Array(#"{"type": "\#(type)", "object": \#(Self.pod)}"#.utf8)
        #expect(Self.same(try WatchEvent<Pod>.told(line), try WatchEvent<Pod>.decoded(line)))
    }

    @Test(arguments: [
        #"{"metadata": {}, "spec": {"containers": []}}"#,
        #"{"metadata": {"name": null, "labels": null}, "spec": {}, "status": null}"#,
    ])
    func aPodOfWhichLittleIsSaidIsTheSameEitherWay(_ pod: String) throws {
        let line = Array(#"{"type": "ADDED", "object": \#(pod)}"#.utf8)
        #expect(Self.same(try WatchEvent<Pod>.told(line), try WatchEvent<Pod>.decoded(line)))
    }

    /// What a cluster that means ill says, so that it fills no memory and no disk.
    @Test func ofLongWordsTheBeginningIsKeptEitherWay() throws {
        let long = String(repeating: "é", count: 100_000)
        let event = Self.event.replacing(#""there""#, with: #""\#(long)""#)
        let pod = Self.pod.replacing(#""message": "m""#, with: #""message": "\#(long)""#)
        let (told, decoded) = (try Self.event(event), try Self.pod(pod))
        let kept = String(repeating: "é", count: 512) + "…"
        #expect(told.allSatisfy { $0?.message == kept })
        #expect(decoded.allSatisfy { $0?.status?.condition("Ready")?.message == kept })
    }

    private static func event(_ text: String) throws -> [ClusterEvent?] { try both(text) }
    private static func pod(_ text: String) throws -> [Pod?] { try both(text) }

    private static func both<Object: KubernetesObject>(_ object: String) throws -> [Object?] {
        let line = Array(#"{"type": "ADDED", "object": \#(object)}"#.utf8)
        return [try WatchEvent<Object>.told(line), try WatchEvent<Object>.decoded(line)].map { event in
            if case .added(let object)? = event { object } else { nil }
        }
    }

    @Test func wordsThatWereNotSaidAreNotWritten() throws {
        let text = String(decoding: try JSONEncoder().encode(PodCondition("Ready", "True")), as: UTF8.self)
        #expect(!text.contains("message"))
    }

    @Test func anEventIsTheSameEitherWay() throws {
        let line = Array(#"{"type": "ADDED", "object": \#(Self.event)}"#.utf8)
        #expect(Self.same(try WatchEvent<ClusterEvent>.told(line), try WatchEvent<ClusterEvent>.decoded(line)))
    }

    @Test(
        arguments: [
            #"{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "8"}}}"#,
            #"{"type": "ERROR", "object": {"code": 410}}"#, #"{"type": "NEW", "object": {}}"#,
            #"{"object": \#(pod), "type": "ADDED"}"#, #"{"type": "ADDED"}"#, #"{"type": "ADDED", "object": null}"#,
            #"{"type": "ADDED", "object": {"metadata": {}}}"#,
            #"{"type": "ADDED", "object": {"metadata": {}, "spec": {"containers": [{"ports": [{}]}]}}}"#,
            #"{"type": "ADDED", "object": {"metadata": {"name": 5}, "spec": {}}}"#,
            #"{"type": "ADDED", "object": {"metadata": {}, "spec": {}}"#,
        ])
    func whateverIsOtherwiseIsLeftToTheDecoder(_ line: String) {
        #expect((try? WatchEvent<Pod>.told(Array(line.utf8))) == nil)
    }

    @Test(.enabled(if: Recording.isThere, "no recordings beside the repository"))
    func everyRecordedLineIsTheSameEitherWay() throws {
        var count = 0
        for name in try Recording.names("kubelet-") {
            for exchange in try Recording.exchanges(name)
            where exchange["request"]?["path"]?.string?.contains("/pods?watch") == true {
                for line in exchange.lines.map({ Array($0.utf8) }) where !line.starts(with: #"{"type":"BOOKMARK""#.utf8)
                {
                    #expect(Self.same(try WatchEvent<Pod>.told(line), try WatchEvent<Pod>.decoded(line)))
                    count += 1
                }
            }
        }
        #expect(count > 100)
    }
}
