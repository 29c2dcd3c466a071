import Foundation
import OrreryKubernetes
import OrreryModel
import Testing

@testable import OrrerySpawn

@Suite struct CreationRefusalTests {
    @Test(
        .enabled(if: Recording.isThere, "no recordings beside the repository"),
        arguments: [
            ("quota-exceeded-403", 1, "north wants more said about sizes"),
            ("podsecurity-restricted-403", 0, "north forbids this session's pod under its PodSecurity rule"),
            ("forbidden-403-rbac", 0, "north does not let this hub make sessions"),
            ("namespace-terminating-403", 1, "north is removing the place where sessions live"),
            ("unauthorized-401", 0, "north does not accept this hub's credential"),
            ("pod-namespace-404", 0, "north has no place for sessions"),
            ("pod-create-409", 0, "On north something else has the name"),
            ("pod-invalid-422", 0, "north does not understand the session's pod"),
            ("field-validation", 0, "north does not understand the session's pod"),
            ("pod-serviceaccount-missing-403", 0, "north refused the session"),
        ])
    func aRecordedRefusalIsOneSentenceOfItsOwn(_ name: String, _ number: Int, _ words: String) throws {
        let refusal = CreationRefusal(try Recording.refusal(name, number: number), cluster: "north")
        guard case .never(let sentence) = refusal else {
            Issue.record("would be tried again: \(refusal)")
            return
        }
        #expect(sentence.hasPrefix(words), "\(sentence)")
    }

    @Test(arguments: [
        (400, "BadRequest", "unknown field \"spec.x\"", "north does not understand the session's pod: unknown field"),
        (401, "Unauthorized", "Unauthorized", "north does not accept this hub's credential."),
        (403, "Forbidden", "failed quota: q: must specify limits.cpu", "north wants more said about sizes"),
        (
            403, "Forbidden", "violates PodSecurity \"restricted:latest\": x",
            "north forbids this session's pod under its PodSecurity rule"
        ),
        (403, "Forbidden", "User \"x\" cannot create resource \"pods\"", "north does not let this hub make sessions"),
        (403, "Forbidden", "status unknown for quota: q", "north refused the session: status unknown for quota"),
        (404, "NotFound", "namespaces \"hub\" not found", "north has no place for sessions"),
        (
            409, "AlreadyExists", "pods \"x\" already exists",
            "On north something else has the name of this session's pod."
        ),
        (413, "RequestEntityTooLarge", "limit is 3145728", "north does not understand the session's pod"),
        (422, "Invalid", "spec.volumes[0].name: Duplicate value", "north does not understand the session's pod"),
        (400, "x", "admission webhook \"w\" denied the request: no", "A rule of north's own refused the session"),
    ])
    func whatCannotPassIsOneSentenceAndNotTriedAgain(
        _ code: Int, _ reason: String, _ message: String, _ words: String
    ) {
        let refusal = CreationRefusal(.refused(.init(code: code, reason: reason, message: message)), cluster: "north")
        guard case .never(let sentence) = refusal else {
            Issue.record("would be tried again: \(refusal)")
            return
        }
        #expect(sentence.hasPrefix(words), "\(sentence)")
    }

    @Test(.enabled(if: Recording.isThere, "no recordings beside the repository"))
    func aRecordedFullQuotaIsWaitedFor() throws {
        let refusal = CreationRefusal(try Recording.refusal("quota-exceeded-403", number: 3), cluster: "north")
        let shortage = QuotaShortage(
            kinds: [.sessions], reason: "its quota q allows pods=1, and pods=1 is taken", isLasting: false)
        #expect(
            refusal
                == .full(
                    shortage,
                    "north is full: its quota q allows pods=1, pods=1 is taken, and this session asks for pods=1."))
    }

    struct FullQuota: Sendable {
        let requested: String
        let limited: String
        let kinds: Set<QuotaShortage.Kind>
        let isLasting: Bool
    }

    static let fullQuotas = [
        FullQuota(requested: "pods=1", limited: "pods=2", kinds: [.sessions], isLasting: false),
        FullQuota(requested: "pods=1", limited: "pods=0", kinds: [.sessions], isLasting: true),
        FullQuota(requested: "count/secrets=1", limited: "count/secrets=9", kinds: [.sessions], isLasting: false),
        FullQuota(
            requested: "limits.memory=1536Mi,pods=1", limited: "limits.memory=1Gi,pods=2", kinds: [.memory, .sessions],
            isLasting: true),
        FullQuota(requested: "requests.cpu=1500m", limited: "requests.cpu=2", kinds: [.cpu], isLasting: false),
        FullQuota(requested: "requests.cpu=4", limited: "requests.cpu=3500m", kinds: [.cpu], isLasting: true),
        FullQuota(
            requested: "requests.nvidia.com/gpu=2", limited: "requests.nvidia.com/gpu=1", kinds: [.gpu],
            isLasting: true),
        FullQuota(
            requested: "requests.ephemeral-storage=1Gi", limited: "requests.ephemeral-storage=9Gi", kinds: [.sessions],
            isLasting: false),
        // As a site's own webhook may say it.
        FullQuota(requested: "more than there is", limited: "what there is", kinds: [.sessions], isLasting: false),
        FullQuota(requested: "memory=a lot", limited: "memory=less", kinds: [.memory], isLasting: false),
    ]

    @Test(arguments: fullQuotas)
    func aFullQuotaSaysWhatIsShortAndWhetherWaitingHelps(_ quota: FullQuota) {
        let message = "exceeded quota: q, requested: \(quota.requested), used: x=1, limited: \(quota.limited)"
        let refusal = CreationRefusal(
            .refused(.init(code: 403, reason: "Forbidden", message: message)), cluster: "north")
        guard case .full(let shortage, _) = refusal else {
            Issue.record("not a full quota: \(refusal)")
            return
        }
        #expect(shortage.kinds == quota.kinds && shortage.isLasting == quota.isLasting)
        #expect(shortage.reason.contains(quota.limited))
    }

    // Nobody's end gives storage back.
    @Test(arguments: ["persistentvolumeclaims=1", "requests.storage=10Gi"])
    func aFullQuotaOfStorageIsNotWaitedFor(_ requested: String) {
        let message = "exceeded quota: q, requested: \(requested), used: x=1, limited: x=1"
        guard
            case .never(let sentence) = CreationRefusal(
                .refused(.init(code: 403, reason: "Forbidden", message: message)), cluster: "north")
        else {
            Issue.record("waited for")
            return
        }
        #expect(sentence.hasPrefix("north is full: its quota q"))
    }

    @Test func aNamespaceThatIsBeingRemovedIsSaid() throws {
        let cause = #"{"reason":"NamespaceTerminating"}"#
        let refusal = KubernetesError.Refused(
            code: 403, reason: "Forbidden", message: "unable to create new content",
            causes: [try JSONDecoder().decode(ClusterStatus.Cause.self, from: Data(cause.utf8))])
        #expect(
            CreationRefusal(.refused(refusal), cluster: "north")
                == .never("north is removing the place where sessions live. An administrator must look at it."))
    }

    @Test func aWebhookSpeaksForItself() {
        let error = KubernetesError.refused(
            .init(
                code: 403, reason: "Forbidden",
                message: #"admission webhook "rules.example" denied the request: no GPUs on Sundays"#))
        #expect(
            CreationRefusal(error, cluster: "north")
                == .never(
                    "A rule of north's own refused the session: \"rules.example\" denied the request: no GPUs on "
                        + "Sundays"))
    }

    @Test(arguments: [
        KubernetesError.refused(.init(code: 429, reason: nil, message: "busy")),
        .refused(.init(code: 409, reason: "Conflict", message: "the object has been modified")),
        .refused(.init(code: 409, reason: nil, message: "Conflict")),
        .refused(.init(code: 500, reason: "InternalError", message: "failed calling webhook \"x\"")),
        .refused(.init(code: 503, reason: nil, message: "down")),
        .transport("connection refused", beforeSending: true),
    ])
    func whatPassesIsTriedAgain(_ error: KubernetesError) {
        guard case .later = CreationRefusal(error, cluster: "north") else {
            Issue.record("given up: \(error)")
            return
        }
    }
}
