import Foundation
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

/// What `orrery explain` says, and whether it says that the session would start.
struct ExplanationTests {
    private static func somebody(_ name: String, in groups: [String]) -> Explanation.Subject {
        .madeUp(name, groups: groups, uid: 20_001, gid: 20_001)
    }

    private static func explain(
        _ subject: Explanation.Subject = somebody("ann", in: ["atlas"]), on cluster: String?,
        _ configuration: HubConfiguration
    ) async throws -> Explanation {
        try await Explanation(.init(subject, SessionChoice(cluster: cluster), at: .now), configuration)
    }

    @Test func aClusterThatHasJoinedIsExplained() async throws {
        try await TestHub.run { hub in
            _ = try await hub.member()
            let configuration = try hub.configurationOfCommands()
            #expect(try await Self.explain(on: "west", configuration).isPossible, "it is theirs")
            let bob = Self.somebody("bob", in: ["science"])
            let refused = try await Self.explain(bob, on: "west", configuration)
            #expect(!refused.isPossible && refused.lines.contains { $0.hasPrefix("cluster west") })
            #expect(refused.lines.contains { $0.hasPrefix("  refused: ") })
            try await hub.order(.trust(.federation), of: "west")
            #expect(try await Self.explain(bob, on: "west", configuration).isPossible)
        }
    }

    @Test func whatAClusterMayHoldIsAsItWasDecided() async throws {
        try await TestHub.run { hub in
            _ = try await hub.member()
            try await hub.order(.data(.restricted), of: "west")
            let configuration = try hub.configurationOfCommands()
            try configuration.restrictScratch(seenOn: "west")
            func sees() async throws -> Bool {
                let explained = try await Self.explain(on: "west", configuration)
                return explained.lines.contains("  mount /scratch/ann rw: fileset scratch")
            }
            #expect(try await sees())
            hub.clock.turn(by: .seconds(1))
            // A test of the policy does not hold any more, and a hub that begins goes on with what counts now.
            try await hub.order(.data(.public), of: "west")
            #expect(try await !sees())
        }
    }

    @Test func whatPlacementRefusesIsNotPossible() async throws {
        try await TestHub.run { hub in
            let configuration = try hub.configurationOfCommands()
            #expect(try await Self.explain(on: "north", configuration).isPossible)
            try await hub.order(.cordon, of: "north")
            let cordoned = try await Self.explain(on: "north", configuration)
            #expect(!cordoned.isPossible && cordoned.lines.contains { $0.hasPrefix("  refused: ") })
            #expect(try await Self.explain(on: nil, configuration).isPossible, "another one takes it")
        }
    }

    @Test func whoIsSuspendedStartsNothing() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let configuration = try hub.configurationOfCommands()
            #expect(try await Self.explain(.known("ada"), on: nil, configuration).isPossible)
            _ = try await hub.database.setSuspended(true, person: ada.id)
            let explained = try await Self.explain(.known("ada"), on: nil, configuration)
            #expect(!explained.isPossible && explained.lines.contains { $0.contains("ada is suspended") })
        }
    }
}
