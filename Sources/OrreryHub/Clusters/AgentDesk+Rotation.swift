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

    /// Both keys have to have signed, and the old one has to be the connection's own, and the newest: one that was replaced
    /// makes no further one.
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
        guard record.mayTake(rotation.new, from: message.key.id) else {
            logger.error(
                "an agent's key that was replaced wants to be followed by another one",
                metadata: ["cluster": "\(record.name)", "key": "\(message.key.id)"])
            return .nothing
        }
        return try await take(rotation.new, from: message.key.id, of: record)
    }

    private func take(_ new: AgentPublicKey, from old: String, of record: ClusterRecord) async throws -> AgentAnswer {
        let now = now()
        let end = now + Self.overlap.seconds
        let changed: ClusterRecord
        do throws(StoreError) {
            changed = try await registry.store.changeCluster(record.name) { record in
                record.take(new, from: old, at: now, overlapUntil: end)
            }
        } catch {
            guard error.contested == .clusterKey else { throw error }
            logger.error("an agent's new key is another cluster's", metadata: ["cluster": "\(record.name)"])
            return .nothing
        }
        guard changed.keys.contains(where: { $0.id == new.id }) else { return .nothing }
        // An agent that has not heard the answer says it again.
        if !record.keys.contains(where: { $0.id == new.id }) {
            await desk.audit.record(
                AuditAct(.clusterChanged, on: record.name, to: "key \(new.id)", because: "follows the key \(old)"))
        }
        await registry.refresh()
        let until = changed.keys.first { $0.id == old }?.endsAt ?? end
        let frame = ControlFrame(
            "rotated", ["key": .string(new.id), "until": .integer(Int64(until.timeIntervalSince1970))])
        return AgentAnswer(frames: [frame])
    }
}

extension ClusterRecord {
    /// Whether `old` may be followed by `new`: the newest may, and whoever asks again for what has happened.
    fileprivate func mayTake(_ new: AgentPublicKey, from old: String) -> Bool {
        keys.contains { $0.id == new.id || ($0.id == old && $0.endsAt == nil) }
    }

    /// Takes a new key; the one before it goes on until `end`, and those before that end now.
    fileprivate mutating func take(_ new: AgentPublicKey, from old: String, at now: Date, overlapUntil end: Date) {
        guard mayTake(new, from: old), !keys.contains(where: { $0.id == new.id }) else { return }
        keys.removeAll { $0.id != old }
        for index in keys.indices { keys[index].endsAt = end }
        keys.append(ClusterKey(id: new.id, spki: new.info, since: now))
        rotationAskedAt = nil
    }
}
