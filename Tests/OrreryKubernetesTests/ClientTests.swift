import FoundationEssentials
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import Testing

@Suite struct ClientTests {
    @Test func creationIsStrictAndCarriesTheToken() async throws {
        let transport = ScriptedTransport([.json(201, podText("a"))])
        let pod = Pod(metadata: ObjectMeta(name: "a"), spec: PodSpec(containers: [Container(name: "n", image: "i")]))
        let made = try await KubernetesClient(access, transport: transport).create(pod)
        #expect(made.metadata.uid == "a")
        #expect(transport.calls == ["POST /api/v1/namespaces/hub/pods?fieldValidation=Strict"])
        let request = try #require(transport.requests.first)
        #expect(request.headers.contains { $0 == ("Authorization", "Bearer very-secret") })
        let body = try #require(request.body)
        let sent = try JSONDecoder().decode(JSON.self, from: Data(body))
        #expect(sent["apiVersion"] == "v1")
        #expect(sent["kind"] == "Pod")
        #expect(sent["status"] == nil)
    }

    @Test(
        arguments: [
            ("Sat, 21 Nov 2026 12:00:00 GMT", 0.0), ("Sat, 21 Nov 2026 12:01:30 GMT", 90),
            ("Fri, 20 Nov 2026 12:00:00 GMT", -86400),
            ("yesterday", nil), ("Sat, 21 Nov 2026 12:00:00 CET", nil),
        ] as [(String, Double?)])
    func theClustersClockIsTakenFromItsAnswers(_ date: String, _ ahead: Double?) async throws {
        var reply = ScriptedTransport.Reply.json(200, podText("a"))
        reply.headers.append(("date", date))
        let client = KubernetesClient(
            access, transport: ScriptedTransport([reply]), now: { Date(timeIntervalSince1970: 1_795_262_400) })
        #expect(client.clockOffset == nil)
        _ = try await client.get(Pod.self, "a")
        #expect(client.clockOffset == ahead)
    }

    @Test func ofALogThatIsTooLongTheEndIsKept() async throws {
        let log = String(repeating: "é", count: 64 << 10) + "!"
        let transport = ScriptedTransport([.json(200, log)])
        let tail = try await KubernetesClient(access, transport: transport)
            .logTail(of: "a", container: "notebook", lines: 50)
        #expect(tail == String(repeating: "é", count: (32 << 10) - 1) + "!")
    }

    @Test func ofALongRefusalTheBeginningIsKept() async throws {
        let status = #"{"kind": "Status", "message": "\#(String(repeating: "x", count: 1 << 20))", "code": 403}"#
        let client = KubernetesClient(access, transport: ScriptedTransport([.json(403, status)]))
        await #expect { _ = try await client.get(Pod.self, "a") } throws: { error in
            (error as? KubernetesError)?.refusal?.message == String(repeating: "x", count: 1024) + "…"
        }
    }

    @Test func onlyWhatIsReadMayComePacked() async throws {
        let transport = ScriptedTransport([.json(200, podText("a")), .json(201, podText("a"))])
        let client = KubernetesClient(access, transport: transport)
        _ = try await client.get(Pod.self, "a")
        _ = try await client.create(Pod(metadata: ObjectMeta(name: "a"), spec: PodSpec(containers: [])))
        #expect(transport.requests.map(\.acceptsGzip) == [true, false])
    }

    @Test func deletionSpeaksInItsBodyOnly() async throws {
        let transport = ScriptedTransport([.json(200, podText("a"))])
        try await KubernetesClient(access, transport: transport)
            .delete(Pod.self, "a", uid: "uid-1", grace: .seconds(20))
        #expect(transport.calls == ["DELETE /api/v1/namespaces/hub/pods/a"])
        let body = try #require(transport.requests.first?.body)
        let sent = try JSONDecoder().decode(JSON.self, from: Data(body))
        #expect(
            sent == [
                "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 20,
                "preconditions": ["uid": "uid-1"],
            ])
    }

    @Test func aListIsPutTogetherFromItsPages() async throws {
        let transport = ScriptedTransport([
            .pods(["a", "b"], version: "7", next: "more/="), .pods(["c"], version: "7"),
        ])
        let list = try await KubernetesClient(access, transport: transport)
            .list(Pod.self, Selection(labels: "orrery.io/hub=h"))
        #expect(list.items.compactMap(\.metadata.name) == ["a", "b", "c"])
        #expect(list.metadata.resourceVersion == "7")
        #expect(
            transport.calls == [
                "GET /api/v1/namespaces/hub/pods?labelSelector=orrery.io%2Fhub%3Dh&limit=500",
                "GET /api/v1/namespaces/hub/pods?labelSelector=orrery.io%2Fhub%3Dh&limit=500&continue=more%2F%3D",
            ])
    }

    @Test func aPageThatExpiredBeginsTheListAgainWithoutPages() async throws {
        let transport = ScriptedTransport([
            .pods(["a"], version: "7", next: "old"), .refusal(410, "Expired", "too old"),
            .pods(["a", "b"], version: "9"),
        ])
        let list = try await KubernetesClient(access, transport: transport).list(Pod.self, Selection())
        #expect(list.items.compactMap(\.metadata.name) == ["a", "b"])
        #expect(list.metadata.resourceVersion == "9")
        #expect(transport.calls.last == "GET /api/v1/namespaces/hub/pods")
    }

    @Test func aListWithoutAnEndIsGivenUp() async throws {
        let transport = ScriptedTransport((0..<300).map { .pods(["a\($0)"], version: "7", next: "more") })
        await #expect(throws: KubernetesError.unreadable("a list goes on after 200 objects")) {
            try await KubernetesClient(access, transport: transport).list(Pod.self, Selection())
        }
        #expect(transport.calls.count == 200)
    }

    @Test func aBusyClusterIsAskedAgainWhenItWantsToBe() async throws {
        let clock = ManualClock()
        let busy = ScriptedTransport.Reply(
            status: 429, headers: [("Retry-After", "7")], chunks: ["Too many requests, please try again later.\n"])
        let transport = ScriptedTransport([busy, .json(200, podText("a"))])
        let client = KubernetesClient(access, transport: transport, time: Timekeeper(clock))
        async let pod = client.get(Pod.self, "a")
        #expect(await eventually { clock.waits.contains { $0 >= .seconds(7) && $0 <= .seconds(8.4) } })
        #expect(transport.calls.count == 1)
        clock.advance(by: .seconds(9))
        #expect(try await pod.metadata.name == "a")
        #expect(transport.calls.count == 2)
    }

    @Test(arguments: ["", "a/b", "..", "a..b", "A", "a b", "-a", "a-", "a?x=1", String(repeating: "a", count: 254)])
    func aNameThatIsNoneNeverBecomesAPath(_ name: String) async {
        let transport = ScriptedTransport([])
        await #expect(throws: KubernetesError.badRequest("\"\(name)\" is no name of an object")) {
            try await KubernetesClient(access, transport: transport).get(Pod.self, name)
        }
        #expect(transport.calls.isEmpty)
    }

    @Test func secretsAreSentAndNeverShown() async throws {
        let transport = ScriptedTransport([
            .json(201, #"{"metadata":{"name":"s"},"data":{"token":"YWJj"},"type":"Opaque"}"#)
        ])
        let secret = SecretObject(metadata: ObjectMeta(name: "s"), texts: ["token": Secret("abc")])
        let made = try await KubernetesClient(access, transport: transport).create(secret)
        let body = try #require(transport.requests.first?.body)
        let sent = try JSONDecoder().decode(JSON.self, from: Data(body))
        #expect(sent["stringData"] == ["token": "abc"])
        #expect(made.texts.isEmpty)
        #expect(!"\(secret)".contains("abc"))
        #expect(!"\(access)\(String(reflecting: access))".contains("very-secret"))
    }

    @Test(arguments: [
        (KubernetesError.refused(.init(code: 500, reason: nil, message: "")), true, false),
        (.refused(.init(code: 503, reason: "ServiceUnavailable", message: "")), true, true),
        (.refused(.init(code: 429, reason: nil, message: "")), false, true),
        (.refused(.init(code: 403, reason: "Forbidden", message: "")), false, false),
        (.transport("cut", beforeSending: false), true, true),
        (.transport("refused", beforeSending: true), false, true),
    ])
    func anErrorKnowsWhetherTheCallMayHaveHappened(_ error: KubernetesError, _ isUncertain: Bool, _ mayRetry: Bool) {
        #expect(error.isUncertain == isUncertain)
        #expect(error.mayRetry == mayRetry)
    }
}
