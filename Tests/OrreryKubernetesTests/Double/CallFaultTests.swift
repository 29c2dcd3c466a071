import FaultDouble
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryKubernetes

@Suite(.timeLimit(.minutes(3))) struct CallFaultTests {
    private static let pod = Pod(
        metadata: ObjectMeta(name: "a", labels: ["spawn": "1"]),
        spec: PodSpec(containers: [Container(name: "notebook", image: "registry.test/lab:1")]))

    @Test func aCreationWhoseAnswerWasLostIsUncertainAndCanBeReadBack() async throws {
        try await DoubledCluster.run { cluster in
            cluster.double.add(Fault(.lose(what: .answer), on: .init("POST")))
            let error = await #expect(throws: KubernetesError.self) { try await cluster.client.create(Self.pod) }
            #expect(error?.isUncertain == true)
            let found = try await cluster.client.get(Pod.self, "a")
            #expect(found.metadata.labels?["spawn"] == "1")
            let again = await #expect(throws: KubernetesError.self) { try await cluster.client.create(Self.pod) }
            #expect(again?.alreadyExists == true)
            #expect(cluster.double.calls.filter(\.isMutating).count == 2)
        }
    }

    @Test func aRequestThatWasLostHadNoEffectAndSaysSoOnlyByReading() async throws {
        try await DoubledCluster.run { cluster in
            cluster.double.add(Fault(.lose(what: .request), on: .init("POST")))
            let error = await #expect(throws: KubernetesError.self) { try await cluster.client.create(Self.pod) }
            #expect(error?.isUncertain == true)
            let missing = await #expect(throws: KubernetesError.self) { try await cluster.client.get(Pod.self, "a") }
            #expect(missing?.isNotFound == true)
        }
    }

    @Test(
        arguments: [
            (.unauthorized, 401, false, false), (.rbac, 403, false, false), (.quota, 403, false, false),
            (.podSecurity, 403, false, false), (.webhook, 403, false, false), (.webhookAway, 500, true, true),
            (.namespaceTerminating, 403, false, false), (.namespaceGone, 404, false, false),
            (.alreadyExists, 409, false, false), (.invalid, 422, false, false), (.unknownField, 400, false, false),
            (.unavailable, 503, true, true), (.badGateway, 502, true, false),
        ] as [(Fault.Refusal, Int, Bool, Bool)])
    func aRefusedCreationIsMadeOnceAndKnowsWhatItIs(
        _ refusal: Fault.Refusal, _ code: Int, _ isUncertain: Bool, _ mayRetry: Bool
    ) async throws {
        try await DoubledCluster.run { cluster in
            cluster.double.add(Fault(.refuse(as: refusal), on: .init("POST"), times: nil))
            let error = await #expect(throws: KubernetesError.self) { try await cluster.client.create(Self.pod) }
            #expect(error?.refusal?.code == code)
            #expect(error?.isUncertain == isUncertain)
            #expect(error?.mayRetry == mayRetry)
            #expect(cluster.double.calls.count == 1)
        }
    }

    @Test func aStormOf429IsWaitedOut() async throws {
        let clock = ManualClock()
        try await DoubledCluster.run(time: Timekeeper(clock)) { cluster in
            cluster.double.add(Fault(.refuse(as: .tooManyRequests), times: 2))
            cluster.double.add(Fault(.refuse(as: .tooManyRequestsSilently), times: 1))
            async let made = cluster.client.create(Self.pod)
            for _ in 0..<3 {
                #expect(await eventually { !clock.waits.isEmpty })
                clock.advance(by: clock.waits.first ?? .zero)
            }
            _ = try await made
            #expect(cluster.double.calls.map(\.status) == [429, 429, 429, 201])
        }
    }

    @Test func aDeletionOfAnotherPodOfTheNameIsRefusedAsAConflict() async throws {
        try await DoubledCluster.run { cluster in
            let first = try await cluster.client.create(Self.pod)
            try await cluster.direct.delete(Pod.self, "a", uid: first.metadata.uid, grace: .zero)
            let deadline = ContinuousClock.now + .seconds(60)
            while (try? await cluster.direct.get(Pod.self, "a")) != nil, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(5))
            }
            let second = try await cluster.direct.create(Self.pod)
            #expect(second.metadata.uid != first.metadata.uid)
            let error = await #expect(throws: KubernetesError.self) {
                try await cluster.client.delete(Pod.self, "a", uid: first.metadata.uid)
            }
            #expect(error?.isConflict == true)
            #expect(try await cluster.client.get(Pod.self, "a").metadata.uid == second.metadata.uid)
        }
    }

    @Test func twoHubsThatMakeTheSamePodGetOneAndAConflict() async throws {
        try await DoubledCluster.run { cluster in
            let hold = cluster.double.add(Fault(.hold, on: .init("POST"), times: nil))
            let both = (0..<2).map { _ in Task { try await cluster.client.create(Self.pod) } }
            #expect(await eventually { cluster.double.hits(hold) == 2 })
            cluster.double.remove(hold)
            var made = 0
            for one in both {
                switch await one.result {
                case .success: made += 1
                case .failure(let error): #expect((error as? KubernetesError)?.alreadyExists == true)
                }
            }
            #expect(made == 1)
        }
    }

    @Test(arguments: [-300.0, 300.0])
    func aClockThatIsWrongChangesNothing(_ seconds: Double) async throws {
        try await DoubledCluster.run { cluster in
            cluster.double.add(Fault(.clock(seconds: seconds)))
            let pod = try await cluster.client.create(Self.pod)
            #expect(try await cluster.client.list(Pod.self, Selection()).items.count == 1)
            try await cluster.client.delete(Pod.self, "a", uid: pod.metadata.uid, grace: .seconds(1))
        }
    }

    @Test func aPodThatSticksIsTerminatingForEver() async throws {
        try await DoubledCluster.run { cluster in
            let pod = try await cluster.client.create(Self.pod)
            cluster.double.add(Fault(.stick, on: .init("DELETE")))
            try await cluster.client.delete(Pod.self, "a", uid: pod.metadata.uid)
            #expect(try await cluster.client.get(Pod.self, "a").metadata.isTerminating)
        }
    }

    @Test func aFieldThatAServerDropsIsSeenInWhatComesBack() async throws {
        try await DoubledCluster.run { cluster in
            cluster.double.add(
                Fault(.rewrite(name: "a", drop: ["/spec/securityContext/supplementalGroupsPolicy"], set: nil)))
            var wanted = Self.pod
            wanted.spec.securityContext = PodSecurityContext()
            wanted.spec.securityContext?.supplementalGroupsPolicy = "Strict"
            let made = try await cluster.client.create(wanted)
            #expect(made.spec.securityContext?.supplementalGroupsPolicy == nil)
        }
    }
}
