import FoundationEssentials
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization
import Testing

@testable import OrrerySpawn

@Suite struct SpawnerTests {
    @Test func aClickBecomesANotebookAndAStopEndsIt() async throws {
        let facility = try await Facility()
        let spawner = facility.start()
        let session = try await facility.click()
        #expect(session.state == .queued)
        #expect(await facility.turn { facility.cluster.names("pods") == [session.pod] })
        #expect(facility.cluster.names("secrets") == [session.tokenName, session.tokensName].sorted())
        #expect(facility.cluster.names("configmaps") == [session.accountsName])

        let progress = spawner.progress(of: session.id, after: 0)
        facility.cluster.tell("Pulling", "Pulling image", about: session.pod)
        facility.cluster.run(session.pod)
        #expect(await facility.reaches(.ready, session.id))
        var seen: [SessionEventRecord] = []
        for await event in progress { seen.append(event) }
        #expect(seen.map(\.number) == Array(1...seen.count))
        #expect(seen.first?.state == .queued)
        #expect(seen.last?.state == .ready)
        #expect(facility.routes.routes == ["/user/ada/": "http://10.1.0.7:8888"])
        let ready = try #require(await facility.session(session.id))
        #expect(ready.podUID == facility.cluster.pod(session.pod)?["metadata"]?["uid"]?.string)
        #expect(ready.address == "10.1.0.7:8888")
        #expect(ready.readyAt != nil)

        try await spawner.stop(session.id, by: "ada")
        #expect(facility.routes.routes.isEmpty)
        #expect(await facility.turn { facility.cluster.calls.contains("DELETE pods/\(session.pod)") })
        #expect(await facility.session(session.id)?.state == .stopping)
        facility.cluster.lose(session.pod)
        #expect(await facility.reaches(.ended, session.id))
        #expect(await facility.session(session.id)?.endReason == .stoppedByPerson)
        #expect(facility.cluster.names("secrets") + facility.cluster.names("configmaps") == [])
        await facility.kill()
    }

    @Test func aPersonReadsTheTitlesOfClusters() async throws {
        let facility = try await Facility()
        facility.start(titles: ["north": "The Northern Site"])
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.names("pods") == [session.pod] })
        let said = try await facility.store.events(session: session.id, after: 0).map(\.message)
        #expect(said.contains("Asking The Northern Site for a place."))
        await facility.kill()
    }

    // A program that is still starting has no handler yet, and for process 1 the kernel then drops the signal: the whole
    // grace would pass for nothing.
    @Test func onlyWhatWasReadyIsGivenItsWholeGrace() async throws {
        for isReady in [false, true] {
            let facility = try await Facility()
            let spawner = facility.start()
            let session = try await facility.click()
            #expect(await facility.turn { facility.cluster.names("pods") == [session.pod] })
            if isReady {
                facility.cluster.run(session.pod)
                #expect(await facility.reaches(.ready, session.id))
            }
            try await spawner.stop(session.id, by: "ada")
            #expect(await facility.turn { facility.cluster.calls.contains("DELETE pods/\(session.pod)") })
            #expect(facility.cluster.state.withLock { $0.graces } == [isReady ? 30 : 2])
            await facility.kill()
        }
    }

    @Test func aCrashKeepsItsLastLinesBeforeThePodIsDeleted() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.log = (1...60).map { "line \($0)\n" }.joined() }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.turn { facility.cluster.pod(session.pod) != nil })
        facility.cluster.run(session.pod)
        #expect(await facility.reaches(.ready, session.id))
        facility.cluster.change(session.pod) { $0.end(status: 1) }
        #expect(await facility.turn { facility.cluster.calls.contains("DELETE pods/\(session.pod)") })
        facility.cluster.lose(session.pod)
        #expect(await facility.reaches(.ended, session.id))
        #expect(await facility.session(session.id)?.endReason == .crashed)
        let calls = facility.cluster.calls
        let log = try #require(calls.firstIndex(of: "GET pods/\(session.pod)/log"))
        let delete = try #require(calls.firstIndex(of: "DELETE pods/\(session.pod)"))
        #expect(log < delete)
        let story = try await facility.story(session.id)
        let evidence = try #require(story.first { $0.contains("Its last lines:") })
        #expect(evidence.hasSuffix("line 60"))
        #expect(evidence.contains("line 11\n") && !evidence.contains("line 10\n"))
        #expect(facility.routes.routes.isEmpty)
        await facility.kill()
    }

    @Test func somebodyElsesPodOfTheNameIsReportedAndLeftAlone() async throws {
        let facility = try await Facility()
        facility.cluster.setAway(true)
        let spawner = facility.start()
        let session = try await facility.click()
        facility.cluster.put([
            "metadata": ["name": .string(session.pod), "uid": "theirs", "labels": ["orrery.io/spawn": "another"]],
            "spec": ["containers": [["name": "c"]]],
        ])
        facility.cluster.setAway(false)
        #expect(await facility.reaches(.ended, session.id))
        #expect(await facility.session(session.id)?.message.contains("It was left alone") == true)
        #expect(facility.cluster.pod(session.pod)?["metadata"]?["uid"] == "theirs")
        #expect(!facility.cluster.calls.contains { $0.hasPrefix("DELETE pods") })
        #expect(spawner.orphans().map(\.uid) == ["theirs"])
        await facility.kill()
    }

    @Test func aLostAnswerIsReadBackAndMakesNoSecondPod() async throws {
        let facility = try await Facility()
        facility.cluster.set {
            $0.runsPods = true; $0.losesAnswerToPod = true
        }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.ready, session.id))
        #expect(facility.cluster.names("pods") == [session.pod])
        #expect(facility.cluster.calls.filter { $0 == "POST pods" }.count == 1)
        await facility.kill()
    }

    /// Kubernetes from 1.25 to 1.30 refuses the field, others before 1.33 drop it.
    @Test(arguments: [true, false])
    func anOldClusterRunsSessionsWhoseMountsKeepPeopleApart(refuses: Bool) async throws {
        let facility = try await Facility()
        facility.cluster.set {
            $0.runsPods = true
            $0.knowsNoGroupsPolicy = refuses
            $0.rewrite = { $0["spec"]?["securityContext"]?["supplementalGroupsPolicy"] = nil }
        }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.ready, session.id))
        await facility.kill()
    }

    /// Kubernetes from 1.33 on asks the node's runtime, which may be older.
    @Test func aRuntimeWithoutThePolicyRunsSessionsWhoseMountsKeepPeopleApart() async throws {
        let facility = try await Facility()
        let session = try await refusedForGroups(facility, Sample.plan())
        #expect(await facility.reaches(.ready, session.id))
        let pod = try #require(facility.cluster.pod(session.pod))
        #expect(pod["spec"]?["securityContext"]?["supplementalGroupsPolicy"] == nil)
        await facility.kill()
    }

    @Test func aRuntimeWithoutThePolicyRunsNothingThatGroupsAloneDivide() async throws {
        let facility = try await Facility()
        let tree = Plan.Mount(
            fileset: "data", path: "/data", isReadOnly: true, source: .claim("data"), subPath: nil,
            reliesOnGroups: true)
        let session = try await refusedForGroups(facility, Sample.plan(mounts: Sample.mounts + [tree]), again: true)
        #expect(await facility.reaches(.ended, session.id))
        let ended = try #require(await facility.session(session.id))
        #expect(ended.endReason == .failedToStart)
        #expect(ended.message.contains("not supported in this node"))
        await facility.kill()
    }

    private func refusedForGroups(
        _ facility: Facility, _ plan: Plan, again: Bool = false
    ) async throws -> SessionRecord {
        facility.cluster.set {
            $0.runsPods = true
            $0.fates = again ? [.refused, .refused] : [.refused]
        }
        facility.start()
        let session = try await facility.click(plan)
        for count in 1...(again ? 2 : 1) {
            let strict = JSON.string("Strict")
            #expect(
                await facility.turn {
                    facility.cluster.calls.count { $0 == "POST pods" } == count
                        && facility.cluster.pod(session.pod)?["spec"]?["securityContext"]?["supplementalGroupsPolicy"]
                            == strict
                })
            facility.cluster.refusePods(
                "SupplementalGroupsPolicyNotSupported",
                because: "SupplementalGroupsPolicy=Strict is not supported in this node")
        }
        return session
    }

    @Test(arguments: [true, false]) func aPodWhoseWallsWereChangedIsRemoved(refuses: Bool) async throws {
        let facility = try await Facility()
        facility.cluster.set {
            $0.knowsNoGroupsPolicy = refuses
            $0.rewrite = { $0["spec"]?["securityContext"]?["supplementalGroupsPolicy"] = nil }
        }
        facility.start()
        let tree = Plan.Mount(
            fileset: "data", path: "/data", isReadOnly: true, source: .claim("data"), subPath: nil,
            reliesOnGroups: true)
        let session = try await facility.click(Sample.plan(mounts: Sample.mounts + [tree]))
        #expect(await facility.reaches(.ended, session.id))
        let message = try #require(await facility.session(session.id)?.message)
        #expect(message.contains("supplementalGroupsPolicy is absent instead of Strict"))
        #expect(facility.cluster.names("pods") == [])
        #expect(facility.routes.story.allSatisfy { !$0.hasPrefix("open") })
        await facility.kill()
    }

    @Test func anUnreachableClusterStopsNothing() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.runsPods = true }
        let spawner = facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.ready, session.id))
        facility.cluster.setAway(true)
        #expect(await facility.reaches(.unreachable, session.id))
        #expect(await facility.session(session.id)?.message.contains("cannot be reached since") == true)
        #expect(facility.routes.routes.count == 1)
        if case .unreachable(let since, _) = spawner.condition(of: "north") {
            #expect(since >= Sample.noon && since < Sample.noon + 3600)
        } else {
            Issue.record("\(spawner.condition(of: "north"))")
        }
        await #expect(throws: SpawnError.self) {
            try await spawner.start(plan: Sample.plan(), planHash: "h", person: facility.person, server: "second")
        }
        facility.cluster.setAway(false)
        #expect(await facility.reaches(.ready, session.id))
        #expect(spawner.condition(of: "north") == .ready)
        #expect(facility.cluster.names("pods") == [session.pod])
        await facility.kill()
    }

    @Test func aPodThatVanishesWhileNobodyLooksIsFoundMissing() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.runsPods = true }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.ready, session.id))
        await facility.kill()
        facility.cluster.loseInSilence(session.pod)
        facility.start()
        #expect(await facility.reaches(.ended, session.id))
        let ended = try #require(await facility.session(session.id))
        #expect(ended.endReason == .lost)
        #expect(ended.message.contains("lost while the hub was away"))
        #expect(facility.routes.routes.isEmpty)
        await facility.kill()
    }

    @Test func nobodyHasTwoSessionsOfOneName() async throws {
        let facility = try await Facility()
        let spawner = facility.start()
        _ = try await facility.click()
        let error = await #expect(throws: SpawnError.self) {
            try await spawner.start(plan: Sample.plan(), planHash: "h", person: facility.person, server: "")
        }
        #expect(error?.kind == .alreadyRunning)
        await facility.kill()
    }

    @Test func aStopBeforeThereIsAPodLeavesNothingBehind() async throws {
        let facility = try await Facility()
        facility.cluster.setAway(true)
        let spawner = facility.start()
        let session = try await facility.click()
        #expect(await facility.turn { (try? await facility.story(session.id).count) ?? 0 > 2 })
        try await spawner.stop(session.id, by: "ada")
        #expect(await facility.session(session.id)?.state == .stopping)
        facility.cluster.setAway(false)
        #expect(await facility.reaches(.ended, session.id))
        #expect(facility.cluster.names("pods") == [])
        await facility.kill()
    }

    /// That it has its place is stored a moment before it lives.
    @Test func aStopInTheMomentOfAdmissionIsHeard() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.runsPods = true }
        let spawner = facility.start()
        #expect(await facility.turn { spawner.live.withLock { $0.isRunning } })
        let session = try await spawner.enqueue(
            plan: Sample.plan(), planHash: "hash", person: facility.person, server: "", account: "",
            id: RecordID.fresh(at: Sample.noon), wish: SessionChoice(profile: "p"), message: "")
        let admitted = try await facility.store.update(session.id) { $0.place(insistingOn: nil) }
        let stop = Task { try await spawner.stop(session.id, by: "ada") }
        try #require(await facility.turn { facility.clock.waits.first == .milliseconds(50) })
        spawner.add(admitted.unasked)
        #expect(await facility.reaches(.ended, session.id))
        try await stop.value
        #expect(await facility.session(session.id)?.endReason == .stoppedByPerson)
        await facility.kill()
    }

    @Test func aSessionThatNobodyLooksAfterIsNotSaidToBeStopped() async throws {
        let facility = try await Facility()
        let spawner = facility.start()
        #expect(await facility.turn { spawner.live.withLock { $0.isRunning } })
        let session = Sample.session(state: .creating)
        try await facility.store.create(session)
        let refusal = Mutex<SpawnError?>(nil)
        let stop = Task {
            do { try await spawner.stop(session.id, by: "ada") } catch let error as SpawnError {
                refusal.withLock { $0 = error }
            }
        }
        #expect(await facility.turn { refusal.withLock { $0 != nil } })
        stop.cancel()
        #expect(
            refusal.withLock { $0?.sentence } == "The hub cannot stop the session right now. Try again in a moment.")
        await facility.kill()
    }

    @Test func aServerThatDoesNotAnswerThroughTheProxyIsNotReady() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.runsPods = true }
        facility.routes.state.withLock { $0.answers = false }
        facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.answering, session.id))
        #expect(await facility.session(session.id)?.readyAt == nil)
        facility.routes.state.withLock { $0.answers = true }
        #expect(await facility.reaches(.ready, session.id))
        await facility.kill()
    }
}

@Suite struct TokenDirectoryTests {
    @Test func newTokensReplaceTheirOwnFilesInOneCall() async throws {
        let facility = try await Facility()
        facility.cluster.set { $0.runsPods = true }
        let spawner = facility.start()
        let session = try await facility.click()
        #expect(await facility.reaches(.ready, session.id))
        func files() -> [String: JSON]? {
            facility.cluster.state.withLock { $0.objects["secrets/\(session.tokensName)"]?.json["stringData"]?.object }
        }
        #expect(files() == ["bt_u20001": "bearer"])
        let before = facility.cluster.calls.count
        try await spawner.put(["bt_u20001-wlcg": Secret("first")], intoTokensOf: session)
        #expect(facility.cluster.calls.dropFirst(before) == ["PATCH secrets/\(session.tokensName)"])
        #expect(files() == ["bt_u20001": "bearer", "bt_u20001-wlcg": "first"])
        try await spawner.stop(session.id, by: "ada")
        #expect(await facility.reaches(.ended, session.id))
        #expect(facility.cluster.names("secrets") == [])
        let gone = await #expect(throws: KubernetesError.self) {
            try await spawner.put(["bt_u20001": Secret("late")], intoTokensOf: session)
        }
        #expect(gone?.isNotFound == true)
    }
}
