import OrreryModel
import Testing

@testable import OrreryPocket

@Suite struct APIListTests {
    private static let maps = "/api/v1/namespaces/work/configmaps"

    private static func fill(_ pocket: LivePocket, _ count: Int) async throws {
        for number in 0..<count {
            var map = JSON.configMap("c\(number)")
            map["metadata"]?["labels"] = ["parity": number % 2 == 0 ? "even" : "odd", "number": .string("\(number)")]
            #expect(try await pocket.client.post(maps, map).status == 201)
        }
    }

    private static func names(_ reply: Reply) -> [String] {
        (reply.json["items"]?.array ?? []).compactMap { $0["metadata"]?["name"]?.string }
    }

    @Test func pagesAreOfOneMomentEvenWhenObjectsComeAndGo() async throws {
        try await LivePocket.run { pocket in
            try await Self.fill(pocket, 5)
            let first = try await pocket.client.get(Self.maps + "?limit=2")
            #expect(Self.names(first) == ["c0", "c1"])
            #expect(first.json["metadata"]?["remainingItemCount"] == 3)
            _ = try await pocket.client.delete(Self.maps + "/c3")
            _ = try await pocket.client.post(Self.maps, .configMap("c2b"))
            let token = try #require(first.json["metadata"]?["continue"]?.string)
            let second = try await pocket.client.get(Self.maps + "?limit=10&continue=\(token)")
            #expect(Self.names(second) == ["c2", "c3", "c4"])
            #expect(second.json["metadata"]?["resourceVersion"] == first.json["metadata"]?["resourceVersion"])
            #expect(second.json["metadata"]?["continue"] == nil)
        }
    }

    @Test func anExpiredTokenComesWithOneThatWorks() async throws {
        let directory = try TemporaryDirectory()
        let configuration = try LivePocket.configuration(directory: directory.path)
        try await LivePocket.run(configuration, directory: directory.path) { try await Self.fill($0, 3) }
        // The history does not outlive a restart.
        let old = ContinueToken(version: 4, last: "c0").text
        try await LivePocket.run(configuration, directory: directory.path) { pocket in
            let expired = try await pocket.client.get(Self.maps + "?limit=2&continue=\(old)")
            #expect(expired.status == 410)
            #expect(expired.reason == "Expired")
            let token = try #require(expired.json["metadata"]?["continue"]?.string)
            #expect(Self.names(try await pocket.client.get(Self.maps + "?continue=\(token)")) == ["c1", "c2"])
        }
    }

    @Test(arguments: [
        ("parity=even", ["c0", "c2", "c4"]), ("parity==odd", ["c1", "c3"]), ("parity!=odd", ["c0", "c2", "c4"]),
        ("number in (1, 3)", ["c1", "c3"]), ("number notin (0,1,2)", ["c3", "c4"]), ("parity,number=4", ["c4"]),
        ("!parity", []), ("number>3", ["c4"]), ("number<1", ["c0"]), ("parity=", []),
    ])
    func labelsSelect(selector: String, names: [String]) throws {
        let selector = try LabelSelector(selector)
        let matching = (0..<5).filter { number in
            selector.matches([
                "metadata": [
                    "labels": ["parity": number % 2 == 0 ? "even" : "odd", "number": .string("\(number)")]
                ]
            ])
        }
        #expect(matching.map { "c\($0)" } == names)
    }

    @Test(arguments: ["==", "a=b=c", "a in b", "a in (b", "a b", "a,,b", "(", "in (a)", "a notin"])
    func aSelectorThatIsNoneIsRefused(selector: String) {
        #expect(throws: Status.self) { try LabelSelector(selector) }
    }

    @Test func aListOfAllNamespacesIsOrderedByNamespace() async throws {
        try await LivePocket.run { pocket in
            for (namespace, name) in [("work", "a"), ("hub", "z"), ("hub", "b")] {
                _ = try await pocket.client.post("/api/v1/namespaces/\(namespace)/configmaps", .configMap(name))
            }
            let first = try await pocket.client.get("/api/v1/configmaps?limit=2")
            #expect(Self.names(first) == ["b", "z"])
            let token = try #require(first.json["metadata"]?["continue"]?.string)
            #expect(Self.names(try await pocket.client.get("/api/v1/configmaps?continue=\(token)")) == ["a"])
        }
    }

    @Test func fieldsSelect() async throws {
        try await LivePocket.run { pocket in
            for name in ["a", "b"] { _ = try await pocket.hub.post("/api/v1/namespaces/hub/pods", .pod(name)) }
            pocket.bind("b")
            let path = "/api/v1/namespaces/hub/pods?fieldSelector="
            #expect(Self.names(try await pocket.hub.get(path + "spec.nodeName%3Dpocket-test")) == ["b"])
            #expect(Self.names(try await pocket.hub.get(path + "metadata.name!%3Da,status.phase%3DPending")) == ["b"])
            let unknown = try await pocket.client.get(Self.maps + "?fieldSelector=data.x%3D1")
            #expect(unknown.status == 400)
        }
    }
}
