import Foundation
import Logging
import OrreryCrypto
import OrreryLink
import OrreryModel
import OrreryStore

// Agents that nobody knows.
extension AgentDesk {
    /// How many of one address may wait; of more the oldest are forgotten.
    private static let most = 20

    func stranger(_ hello: AgentHello, _ message: AgentMessage) async throws -> AgentAnswer {
        guard registry.proxy.inner != nil else {
            return .denied(
                "this hub takes no clusters: its configuration has no proxy.inner", retry: .seconds(3600))
        }
        if let join = try await registry.store.join(key: message.key.id, at: now()), join.state == .denied {
            return .denied(join.reason, retry: .seconds(3600))
        }
        let evidence = try await verifier.evidence(
            of: hello, key: message.key.id, from: message.address, asksIssuers: desk.admission.asksIssuers)
        let verdict = desk.admission.decide(evidence, at: now())
        if verdict.outcome != .deny, let known = registry.record(ofUID: hello.cluster.uid) {
            return try await wait(
                hello, message, evidence, byCode: false,
                because: "it says that it is \(known.name), whose key is another one")
        }
        switch verdict.outcome {
        case .accept(let terms):
            return try await accept(hello, message, evidence, rule: verdict.rule ?? "approve", terms)
        case .deny:
            let reason = "a rule of this hub (\(verdict.rule ?? "")) refuses it"
            if refusals.isNews(message.key.id, from: message.address, at: now()) {
                await desk.audit.record(
                    AuditAct(
                        .clusterDenied, to: "key \(message.key.id)", because: "\(reason), from \(message.address)"))
            }
            return .denied(reason + Self.flaw(evidence), retry: .seconds(600))
        case .queue(let byCode, _):
            return try await wait(hello, message, evidence, byCode: byCode)
        }
    }

    private func accept(
        _ hello: AgentHello, _ message: AgentMessage, _ evidence: JoinEvidence, rule: String, _ terms: Admission.Terms
    ) async throws -> AgentAnswer {
        do {
            let record = try await desk.admit(
                .init(key: message.key.id, spki: message.key.info, about: hello.cluster, evidence: evidence),
                rule: rule, terms: terms, because: "the rule \(rule) lets it in")
            logger.notice("a cluster has joined", metadata: ["cluster": "\(record.name)", "rule": "\(rule)"])
        } catch let error as StoreError where error.contested == .invite {
            return .denied("its join token has been used by another cluster", retry: .seconds(3600))
        } catch let error as StoreError where error.contested == .clusterUID {
            return try await wait(
                hello, message, evidence, byCode: false, because: "it says that it is a cluster that is a member")
        } catch let error as StoreError where error.contested == .clusterKey {
            // Its replica was faster: it is a member already.
        }
        // The proxy welcomes it where it waits, once the feed says so.
        await registry.refresh()
        return .nothing
    }

    private func wait(
        _ hello: AgentHello, _ message: AgentMessage, _ evidence: JoinEvidence, byCode: Bool,
        because reason: String? = nil
    ) async throws -> AgentAnswer {
        for _ in 1...3 {
            let known = byCode ? codes.code(of: message.key.id, at: now()) : nil
            let code = byCode ? known ?? UserCode() : nil
            guard let join = try await keep(record(hello, message, evidence, code: code, because: reason)) else {
                continue
            }
            guard join.state == .waiting else { return .denied(join.reason, retry: .seconds(3600)) }
            if let code { codes.keep(code, of: join.key, until: join.expiresAt, at: now()) }
            return AgentAnswer(frames: [Self.pending(code, page: page, Self.flaw(evidence))])
        }
        throw HubError(.unavailable, "no code is free now", next: "try again in a moment")
    }

    /// Nil when the code is another one's.
    private func keep(_ join: JoinRecord) async throws(StoreError) -> JoinRecord? {
        do { return try await registry.store.keep(join, most: Self.most) } catch {
            guard error.contested == .userCode else { throw error }
            return nil
        }
    }

    private func record(
        _ hello: AgentHello, _ message: AgentMessage, _ evidence: JoinEvidence, code: UserCode?,
        because reason: String?
    ) -> JoinRecord {
        let now = now()
        var about = hello.cluster.json
        about["version"] = .string(hello.version)
        return JoinRecord(
            key: message.key.id, spki: message.key.info, codeHash: code?.claimHash,
            reason: reason ?? Self.reason(code),
            address: message.address, hello: about, evidence: evidence.json, firstAt: now, lastAt: now,
            expiresAt: now + ClusterDesk.patience.seconds)
    }

    private static func reason(_ code: UserCode?) -> String {
        code == nil ? "an administrator decides" : "somebody claims it, or an administrator decides"
    }

    private static func pending(_ code: UserCode?, page: String, _ flaw: String) -> ControlFrame {
        guard let code else {
            return ControlFrame(
                "pending",
                ["say": .string("waiting until an administrator of the hub lets this cluster in\(flaw)")])
        }
        let say = "to let this cluster in, log in at \(page) and type \(code.text)\(flaw)"
        return ControlFrame("pending", ["code": .string(code.text), "page": .string(page), "say": .string(say)])
    }

    /// What was wrong with what it showed, so that its admin does not wait for nothing.
    private static func flaw(_ evidence: JoinEvidence) -> String {
        var flaws = [evidence.invite?.flaw].compactMap(\.self)
        if evidence.certificate?.isProved == false {
            flaws.append("its certificate's key has not signed for it just now")
        }
        return flaws.isEmpty ? "" : " (\(flaws.joined(separator: "; ")))"
    }
}
