import Foundation
import OrreryCrypto
import OrreryKubernetes
import OrreryLink
import OrreryModel
import Testing

@testable import OrreryAgent

@Suite struct KeyFolderTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)").path

    @Test func aKeyIsMadeOnceAndFoundAgain() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let first = try await KeyKeeper.opening(try KeyFolder(directory), now: 7)
        let second = try await KeyKeeper.opening(try KeyFolder(directory), now: 9)
        let (one, other) = (await first.current.id, await second.current.id)
        #expect(one == other)
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            let mode = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
        #expect(try FileManager.default.attributesOfItem(atPath: directory)[.posixPermissions] as? Int == 0o700)
    }

    @Test func aBrokenKeyIsNotReplacedInSilence() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let shelf = try KeyFolder(directory)
        try Data("nonsense".utf8).write(to: URL(filePath: directory + "/agent.key"))
        await #expect(throws: AgentError.self) { try await KeyKeeper.opening(shelf, now: 0) }
    }

    @Test func aChangeThatWasCutShortGoesOnWithTheSameKey() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let first = try await KeyKeeper.opening(try KeyFolder(directory), now: 0)
        let said = try await first.rotation()
        let again = try await KeyKeeper.opening(try KeyFolder(directory), now: 0)
        #expect(try await again.rotation()["key"] == said["key"])
        #expect(try await again.rotated(to: "another", now: 5) == nil)
        let info = try #require(Base64.decode((said["key"]?.string ?? "").utf8))
        let new = AgentPublicKey.id(ofInfo: info)
        #expect(try await again.rotated(to: new, now: 5)?.id == new)
        let later = try await KeyKeeper.opening(try KeyFolder(directory), now: 0)
        #expect(await later.current.id == new)
        #expect(await !later.isOld(5 + KeyKeeper.age - 1))
        #expect(await later.isOld(5 + KeyKeeper.age))
    }

    @Test func aCrashBeforeTheOldDraftIsGoneEndsNoRotation() async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let keeper = try await KeyKeeper.opening(try KeyFolder(directory), now: 0)
        // The key that came into force is still there as the next one.
        try FileManager.default.copyItem(atPath: "\(directory)/agent.key", toPath: "\(directory)/next.key")
        let again = try await KeyKeeper.opening(try KeyFolder(directory), now: 0)
        #expect(try await again.dueRotation(1) == nil)
        let said = try await again.rotation()
        let info = try #require(Base64.decode((said["key"]?.string ?? "").utf8))
        #expect(await AgentPublicKey.id(ofInfo: info) != keeper.current.id)
    }
}

/// Replicas of one agent, whose key lies in a Secret that they share.
@Suite struct KeySecretTests {
    @Test func replicasThatStartTogetherHaveOneKey() async throws {
        try await PocketRig.run { rig in
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let keeper = try await KeyKeeper.opening(KeySecret(rig.client("sessions")), now: 0)
                        return await keeper.current.id
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
        }
    }

    @Test func replicasChangeToOneKey() async throws {
        try await PocketRig.run { rig in
            let one = try await KeyKeeper.opening(KeySecret(rig.client), now: 0)
            let other = try await KeyKeeper.opening(KeySecret(rig.client), now: 0)
            async let first = one.rotation()
            async let second = other.rotation()
            let (said, saidToo) = (try await first, try await second)
            #expect(said["key"] == saidToo["key"])
            let old = await one.current
            let rotation = try KeyRotation(
                verifying: Base64.decode((said["key"]?.string ?? "").utf8) ?? [],
                oldSignature: Base64.decode((said["old"]?.string ?? "").utf8) ?? [],
                newSignature: Base64.decode((said["new"]?.string ?? "").utf8) ?? [], of: old.publicKey)
            #expect(try await one.rotated(to: rotation.new.id, now: 5)?.id == rotation.new.id)
            // An order that comes late is for the key that was shown, and signs nothing.
            await #expect(throws: AgentError.self) { try await other.rotation() }
            // What it dials shows the key that the rest of it shows.
            #expect(await other.current.id == old.id)
            // The other replica hears of it from the hub, or finds it by itself.
            #expect(try await other.renewed()?.id == rotation.new.id)
            #expect(try await other.rotated(to: rotation.new.id, now: 5) == nil)
            #expect(try await one.renewed() == nil)
        }
    }

    @Test func aSecretWithoutAKeyIsAnErrorInWords() async throws {
        try await PocketRig.run { rig in
            let texts = ["key.pem": Secret("nonsense")]
            _ = try await rig.client.create(
                SecretObject(metadata: ObjectMeta(name: KeySecret.usualName), texts: texts))
            let error = await #expect(throws: AgentError.self) {
                try await KeyKeeper.opening(KeySecret(rig.client), now: 0)
            }
            #expect("\(error, default: "")".contains("delete it to join with a new key"))
        }
    }
}
