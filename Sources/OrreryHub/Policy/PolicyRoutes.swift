import Foundation
import Hummingbird
import OrreryModel
import OrreryPolicy

/// What operators see of the policy: which one is in force since when, and what is wrong with a newer one.
struct PolicyRoutes: Sendable {
    let gate: Gate
    let book: PolicyBook

    func add(to router: Router<HubContext>) {
        router.get("hub/api/policy", use: show)
        router.post("hub/api/policy/reload", use: reload)
    }

    @Sendable func show(_ request: Request, _ context: HubContext) async throws -> Response {
        try await operate(request, context)
        return try .json(book.standing.json)
    }

    /// 200 with how things stand then; 422 where the documents are wrong.
    @Sendable func reload(_ request: Request, _ context: HubContext) async throws -> Response {
        try await operate(request, context)
        book.reload()
        let standing = book.standing
        return try .json(standing.json, status: standing.rejection == nil ? .ok : .unprocessableContent)
    }

    private func operate(_ request: Request, _ context: HubContext) async throws {
        let caller = try await gate.requireCaller(request, context)
        try caller.require("admin:policy", user: caller.name)
    }
}

extension PolicyBook.Standing {
    /// The standing as the API shows it.
    var json: JSON {
        var json: JSON = [
            "since": .string(Timestamp.text(since)), "taken": .integer(Int64(taken)),
            "rejected": .integer(Int64(rejected)),
            "documents": .object(
                Dictionary(
                    policy.names.map { ($0.kind, JSON.array($0.names.map { .string($0) })) }
                ) { first, _ in first }),
            "rejection": nil,
        ]
        if let rejection {
            json["rejection"] = [
                "at": .string(Timestamp.text(rejection.at)), "errors": .array(rejection.errors.map { .string($0) }),
            ]
        }
        return json
    }

    /// The standing as lines for a collector of metrics.
    var metrics: String {
        """
        # HELP orrery_policy_rejected Whether the newest documents of the policy are wrong and older ones are in force.
        # TYPE orrery_policy_rejected gauge
        orrery_policy_rejected \(rejection == nil ? 0 : 1)
        # HELP orrery_policy_since_seconds When the policy in force was read.
        # TYPE orrery_policy_since_seconds gauge
        orrery_policy_since_seconds \(Int64(since.timeIntervalSince1970))
        # HELP orrery_policy_readings_total Readings of changed documents, by what became of them.
        # TYPE orrery_policy_readings_total counter
        orrery_policy_readings_total{result="taken"} \(taken)
        orrery_policy_readings_total{result="rejected"} \(rejected)

        """
    }

    /// What operators are told on their home page; nil while all is well.
    var notice: Notice? {
        guard let rejection, let first = rejection.errors.first else { return nil }
        let more = rejection.errors.count > 1 ? ", and \(rejection.errors.count - 1) more" : ""
        return Notice(
            kind: .warning,
            text:
                "The documents of the policy were changed and are wrong; those of \(Moment(since).text) stay in force",
            next: first.withoutFullStop + more)
    }
}
