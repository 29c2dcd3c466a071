import Foundation
import Logging
import OrreryCrypto
import OrreryLink
import OrreryModel
import OrreryStore

// A new key in the place of an old one.
extension AgentDesk {
    /// How long both keys are good.
    static let overlap = Duration.seconds(86400)

    /// Both keys have to have signed, and the old one has to be the connection's own.
    func rotate(_ message: AgentMessage) async throws -> AgentAnswer {
        guard let record = registry.record(ofKey: message.key.id), record.isConnectable,
            record.keys.contains(where: { $0.id == message.key.id && $0.isGood(at: now()) })
        else { return .nothing }
        func bytes(_ name: String) -> [UInt8] {
            message.frame[name]?.string.flatMap { Data(base64Encoded: $0) }.map(Array.init) ?? []
        }
        let rotation: KeyRotation
        do throws(CryptoError) {
            rotation = try KeyRotation(
                verifying: bytes("key"), oldSignature: bytes("old"), newSignature: bytes("new"), of: message.key)
        } catch {
            logger.error(
                "an agent's new key is refused", metadata: ["cluster": "\(record.name)", "error": "\(error.message)"])
            return .nothing
        }
        return try await take(rotation.new, from: message.key.id, of: record)
    }

    private func take(_ new: AgentPublicKey, from old: String, of record: ClusterRecord) async throws -> AgentAnswer {
        let now = now()
        let end = now + Self.overlap.seconds
        let changed: ClusterRecord
        do throws(StoreError) {
            changed = try await registry.store.changeCluster(record.name) { $0.take(new, at: now, overlapUntil: end) }
        } catch {
            guard error.contested == .clusterKey else { throw error }
            logger.error("an agent's new key is another cluster's", metadata: ["cluster": "\(record.name)"])
            return .nothing
        }
        await desk.audit.record(
            AuditAct(.clusterChanged, on: record.name, to: "key \(new.id)", because: "follows the key \(old)"))
        await registry.refresh()
        let until = changed.keys.first { $0.id == old }?.endsAt ?? end
        let frame = ControlFrame(
            "rotated", ["key": .string(new.id), "until": .integer(Int64(until.timeIntervalSince1970))])
        return AgentAnswer(frames: [frame])
    }
}

extension ClusterRecord {
    /// Takes a new key; those before it go on until `end` at the latest.
    fileprivate mutating func take(_ new: AgentPublicKey, at now: Date, overlapUntil end: Date) {
        guard !keys.contains(where: { $0.id == new.id }) else { return }
        for index in keys.indices { keys[index].endsAt = min(keys[index].endsAt ?? end, end) }
        keys.append(ClusterKey(id: new.id, spki: new.info, since: now))
        rotationAskedAt = nil
    }
}
