import Foundation
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore
import Testing

@testable import OrreryHub

struct GrantWatchTests {
    private static let atlas = Group(name: "atlas", gid: 5001)

    @Test func whoLeavesAGroupLosesWhatItGaveAndNothingElse() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada", groups: [Self.atlas])
            let session = try await hub.session(of: ada)
            let grants = hub.services.grants
            #expect(session.plan.mounts.map(\.fileset).sorted() == ["home", "scratch"])
            #expect(grants.withdrawal(of: session, for: ada.person) == nil)
            let left = Person(
                identity: ada.person.identity, name: "ada", uid: ada.person.uid, gid: ada.person.gid,
                groups: [Group(name: "science", gid: 5002)])
            #expect(grants.withdrawal(of: session, for: left)?.filesets == ["scratch"])
        }
    }

    // `revoke` of the policy decides; `notify` is what is meant when it says nothing.
    @Test func whatFollowsIsTheFilesetsToSay() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada", groups: [Self.atlas])
            let session = try await hub.session(of: ada)
            let revoke = hub.services.desk.policy.filesets["scratch"]?.revoke
            let nobody = Person(
                identity: ada.person.identity, name: "ada", uid: ada.person.uid, gid: ada.person.gid, groups: [])
            let withdrawal = hub.services.grants.withdrawal(of: session, for: nobody)
            #expect(withdrawal?.isEnding == (revoke == .stop))
        }
    }
}
