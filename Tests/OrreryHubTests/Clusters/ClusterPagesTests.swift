import Foundation
import OrreryCrypto
import OrreryFetch
import OrreryModel
import OrreryPolicy
import OrreryStore
import Testing

@testable import OrreryHub

/// The pages on which clusters are claimed, looked at and decided about.
struct ClusterPagesTests {
    private func browser(
        _ hub: TestHub, _ name: String, _ group: String, isAdmin: Bool = false
    ) async throws -> TestBrowser {
        _ = try await hub.person(name, groups: [Group(name: group), Group(name: isAdmin ? "operators" : "others")])
        var browser = TestBrowser(hub)
        try await browser.logIn(as: name)
        return browser
    }

    @Test func whoeverTypesTheCodeClaimsTheClusterForAGroupOfTheirs() async throws {
        try await TestHub.run { hub in
            var agent = try ScriptedAgent(hub)
            agent.name = "pic"
            let code = try #require(try await agent.hello().frame("pending")?["code"]?.string)
            var browser = try await browser(hub, "ada", "science")
            let page = try await browser.get("/hub/clusters/claim?code=\(code.lowercased())").text
            for word in ["pic", "192.0.2.7", String(agent.key.id.prefix(8)), "science"] {
                #expect(page.contains(word), "\(word)")
            }
            #expect(page.contains(#"<form method="post" class="form" action="/hub/clusters/claim">"#))
            let proof = try await browser.proof()
            func claim(_ group: String, _ browser: inout TestBrowser) async throws -> Int {
                try await browser.post(
                    "/hub/clusters/claim", [("_xsrf", proof), ("code", code), ("group", group)]
                ).status
            }
            #expect(try await claim("atlas", &browser) == 403)
            #expect(agent.record() == nil)
            #expect(try await claim("science", &browser) == 200)
            let record = try #require(agent.record())
            #expect(record.name == "pic" && record.owner == "science" && record.facets.trust.value == .ownerOnly)
            #expect(record.admission.rule == "claim" && record.admission.by == "ada")
            #expect(try await claim("science", &browser) == 404)
            #expect(hub.services.proxy.feed.agents[agent.key.id]?.cluster == "pic")
        }
    }

    @Test func ownersLookAfterTheirOwnClusterAndNothingElse() async throws {
        try await TestHub.run { hub in
            _ = try await hub.member()
            var owner = try await browser(hub, "ada", "atlas")
            var stranger = try await browser(hub, "eve", "science")
            #expect(try await owner.get("/hub/clusters").text.contains("west"))
            #expect(try await !stranger.get("/hub/clusters").text.contains("west"))
            #expect(try await stranger.get("/hub/clusters/west").status == 404)
            #expect(try await owner.get("/hub/clusters/north").status == 404)
            let proof = try await owner.proof()
            func order(_ word: String, _ owner: inout TestBrowser) async throws -> Int {
                let fields: [(name: String, value: String)] = [
                    ("_xsrf", proof), ("order", word), ("reason", "tidying"), ("trust", "federation"),
                    ("data", "restricted"),
                ]
                return try await owner.post("/hub/clusters/west", fields).status
            }
            #expect(try await order("cordon", &owner) == 302)
            let scheduling = try #require(hub.services.registry.record("west")).facets.scheduling
            #expect(scheduling.value == .cordoned && scheduling.actor == "ada" && scheduling.reason == "tidying")
            #expect(try await owner.get("/hub/clusters/west").text.contains("tidying"))
            for word in ["suspend", "revoke", "resume", "trust"] {
                #expect(try await order(word, &owner) == 403, "\(word)")
            }
            #expect(hub.services.registry.record("west")?.facets.trust.value == .ownerOnly)
            #expect(try await order("leave", &owner) == 302)
            #expect(hub.services.registry.record("west")?.facets.membership.value == .left)
            #expect(hub.services.proxy.feed.agents.isEmpty)
        }
    }

    @Test func whatTheConfigurationSaysOfDataStaysWhileNothingElseIsChosen() async throws {
        try await TestHub.run { hub in
            try await hub.services.registry.load()
            var admin = try await browser(hub, "grace", "science", isAdmin: true)
            let page = try await admin.get("/hub/clusters/north").text
            #expect(page.contains(#"<option value="" selected>what orrery.yaml says</option>"#))
            #expect(try await admin.get("/hub/clusters").text.contains("data ordinary"))
            let proof = try await admin.proof()
            func set(_ data: String) async throws -> Int {
                let fields = [("_xsrf", proof), ("order", "trust"), ("trust", "unclaimed"), ("data", data)]
                return try await admin.post("/hub/clusters/north", fields).status
            }
            func holds() -> Set<String>? { hub.services.registry.clusters.first { $0.name == "north" }?.holds }
            #expect(try await set("") == 302)
            #expect(hub.services.registry.record("north")?.facets.trust.value == .unclaimed)
            #expect(holds() == ["ordinary"])
            #expect(try await set("collaboration") == 302)
            #expect(holds() == ["ordinary", "public", "collaboration"])
            let decided = try await admin.get("/hub/clusters/north").text
            #expect(decided.contains(#"<option value="" selected>collaboration, as it is</option>"#))
            #expect(try await set("") == 302)
            #expect(holds() == ["ordinary", "public", "collaboration"])
            try await hub.order(.dataAsWritten, of: "north")
            #expect(holds() == ["ordinary"])
        }
    }

    @Test func whoeverLetsAClusterInDoesNotSayAnewWhichDataItHolds() async throws {
        try await TestHub.run { hub in
            let agent = try ScriptedAgent(hub)
            try await agent.hello()
            var desk = hub.services.clusterDesk
            desk.written = ["coast"]
            let (key, writing) = (agent.key.id, desk)
            let refusal = await #expect(throws: HubError.self) {
                try await writing.approve(key, .init(name: "coast", ceiling: .restricted), by: .operator)
            }
            #expect(refusal?.next?.contains("orrery clusters trust") == true)
            #expect(try await writing.approve(key, .init(name: "coast"), by: .operator).name == "coast")
        }
    }

    @Test func administratorsMakeJoinStringsAndRevokeThem() async throws {
        try await TestHub.run { hub in
            let pins: [JSON] = [.string("sha256:\(Data(repeating: 7, count: 32).base64EncodedString())")]
            func tell() async throws {
                let body: JSON = ["proxy": "p1", "pins": .array(pins), "frames": []]
                _ = try await hub.send(
                    "POST", "/api/v1/proxy/agents", headers: [("Authorization", "Bearer \(TestHub.proxyToken)")],
                    body: String(decoding: try JSONEncoder().encode(body), as: UTF8.self))
            }
            var admin = try await browser(hub, "grace", "science", isAdmin: true)
            #expect(try await admin.get("/hub/clusters").text.contains(#"href="/hub/invites""#))
            let proof = try await admin.proof()
            func make(_ fields: [(name: String, value: String)], proof: String) async throws -> Answer {
                try await admin.post("/hub/invites", [(name: "_xsrf", value: proof)] + fields)
            }
            let usual = [("owner", "atlas"), ("name", "pic"), ("life", "86400"), ("uses", "1")]
            // Without https a site needs to know by which key.
            #expect(try await make(usual, proof: proof).status == 503)
            try await tell()
            #expect(try await make(usual, proof: "wrong").status == 403)
            for wrong in [
                [("owner", "nobodys"), ("life", "86400"), ("uses", "1")], [("life", "86400"), ("uses", "1001")],
                [("life", "86400"), ("uses", "two")], [("life", "59"), ("uses", "1")],
                [("name", "A b"), ("life", "86400"), ("uses", "1")], [("uses", "1")],
            ] {
                let answer = try await make(wrong, proof: proof)
                #expect(answer.status == 422 && answer.text.contains("notice failure"), "\(wrong)")
            }
            #expect(try await hub.database.invites(at: hub.clock.now).isEmpty)
            let made = try await make(usual, proof: proof)
            #expect(made.status == 200 && made.headers["Cache-Control"] == "no-store")
            let line = try #require(
                made.text.firstMatch(
                    of: /id="new-join">orrery:\/\/hub.test:80\/([a-z0-9]{6})\.([a-z0-9]{16})#pin=sha256:[^<]+</))
            let (id, secret) = (String(line.output.1), String(line.output.2))
            let later = try await admin.get("/hub/invites").text
            #expect(!later.contains(secret))
            for word in [id, "atlas", "pic", "one cluster", "grace"] { #expect(later.contains(word), "\(word)") }
            // With it a cluster joins, once.
            let agent = try ScriptedAgent(hub, token: "\(id).\(secret)")
            try await agent.hello()
            #expect(agent.record()?.name == "pic" && agent.record()?.owner == "atlas")
            #expect(try await !admin.get("/hub/invites").text.contains(id))
            // Another one is revoked.
            let next = try await make(usual.filter { $0.0 != "name" }, proof: proof).text
            let other = String(
                try #require(next.firstMatch(of: /id="new-join">[^<]+\/([a-z0-9]{6}\.[a-z0-9]{16})#/)).output.1)
            let action = "/hub/invites/\(other.prefix(6))/revoke"
            #expect(next.contains(#"action="\#(action)""#))
            #expect(try await admin.post(action, [("_xsrf", "wrong")]).status == 403)
            #expect(try await admin.post(action, [("_xsrf", proof)]).location == "/hub/invites")
            #expect(try await admin.post(action, [("_xsrf", proof)]).status == 404)
            let late = try ScriptedAgent(hub, token: other)
            try await late.hello()
            #expect(late.record() == nil)
            await hub.services.audit.flush()
            let acts = try await hub.database.entries(AuditQuery(acts: ["cluster-changed"]), after: 0, limit: 99)
            #expect(acts.contains { $0.record.why == "revoked" && $0.record.name == "grace" })
        }
    }

    @Test func nobodyElseMakesJoinStringsOrSeesThem() async throws {
        try await TestHub.run { hub in
            _ = try await hub.invite()
            let invite = try #require(try await hub.database.invites(at: hub.clock.now).first)
            var owner = try await browser(hub, "ada", "atlas")
            #expect(try await !owner.get("/hub/clusters").text.contains("/hub/invites"))
            #expect(try await owner.get("/hub/invites").status == 403)
            let proof = try await owner.proof()
            let fields = [("_xsrf", proof), ("life", "86400"), ("uses", "1"), ("owner", "atlas")]
            #expect(try await owner.post("/hub/invites", fields).status == 403)
            #expect(try await owner.post("/hub/invites/\(invite.id)/revoke", [("_xsrf", proof)]).status == 403)
            #expect(try await hub.database.invites(at: hub.clock.now) == [invite])
            var stranger = TestBrowser(hub)
            #expect(try await stranger.get("/hub/invites").location == "/hub/login?next=%2Fhub%2Finvites")
        }
    }

    @Test func administratorsDecideAboutThoseWhoWait() async throws {
        try await TestHub.run { hub in
            let agent = try ScriptedAgent(hub)
            try await agent.hello()
            var admin = try await browser(hub, "grace", "science", isAdmin: true)
            let page = try await admin.get("/hub/clusters").text
            #expect(page.contains("0e1c-4d") && page.contains(String(agent.key.id.prefix(8))))
            let proof = try await admin.proof()
            func approve(_ name: String, _ owner: String, _ admin: inout TestBrowser) async throws -> Answer {
                try await admin.post(
                    "/hub/joins/\(agent.key.id)",
                    [
                        ("_xsrf", proof), ("answer", "approve"), ("name", name), ("owner", owner),
                        ("reason", "known to us"),
                    ])
            }
            #expect(try await approve(" ", "nobodys", &admin).status == 422)
            #expect(try await approve("north", "", &admin).status == 409)
            let refusal = await #expect(throws: HubError.self) {
                try await hub.services.clusterDesk.approve(
                    agent.key.id, .init(trust: .groups(["atlas", "atlsa"])), by: .operator)
            }
            #expect(refusal?.next == "did you mean atlas?")
            let answer = try await approve("  ", "atlas ", &admin)
            #expect(answer.location == "/hub/clusters/south-2")
            #expect(agent.record()?.owner == "atlas")
            #expect(agent.record()?.facets.membership.reason == "known to us")
            #expect(try await admin.get("/hub/clusters/south-2").status == 200)
            let trust = try await admin.post(
                "/hub/clusters/south-2",
                [
                    ("_xsrf", proof), ("order", "trust"), ("trust", "federation"), ("data", "collaboration"),
                    ("reason", "agreed"),
                ])
            #expect(trust.status == 302)
            let misspelt = try await admin.post(
                "/hub/clusters/south-2",
                [("_xsrf", proof), ("order", "trust"), ("trust", "atlas,federated"), ("data", "public")])
            #expect(misspelt.status == 422 && misspelt.text.contains("did you mean federation?"))
            let cluster = try #require(hub.services.registry.clusters.first { $0.name == "south-2" })
            #expect(cluster.facts.trust == .federation && cluster.holds == ["public", "ordinary", "collaboration"])
            #expect(hub.services.policies.current.bindings["south-2"]?.trust == cluster.holds)
            #expect(try await admin.get("/hub/home").text.contains("south-2"))
        }
    }
}
