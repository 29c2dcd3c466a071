import OrreryModel

/// Why a call to a cluster gave nothing: it was refused, the way to the cluster is broken, or the answer cannot be
/// understood. `description` is fit for a log line and, after the cluster's name, for a page; it never holds a secret.
package enum KubernetesError: Error, Hashable, Sendable {
    /// The API server answered with something else than success.
    case refused(Refused)
    /// No complete answer arrived; whether the call had an effect is unknown unless `beforeSending`.
    case transport(String, beforeSending: Bool)
    /// Success, but not what was asked for.
    case unreadable(String)
    /// Our own doing: a name that is none.
    case badRequest(String)
    case cancelled

    package struct Refused: Hashable, Sendable {
        package let code: Int
        /// The Status's reason; nil when the answer was plain text.
        package let reason: String?
        package let message: String
        package let retryAfter: Duration?
        package let causes: [ClusterStatus.Cause]

        package init(
            code: Int, reason: String?, message: String, retryAfter: Duration? = nil,
            causes: [ClusterStatus.Cause] = []
        ) {
            self.code = code
            self.reason = reason
            self.message = message.shortened(to: Quoted.most)
            self.retryAfter = retryAfter
            self.causes = causes
        }
    }
}

extension KubernetesError.Refused {
    /// Whether the site itself forbids it: its agent says so, whatever the API server would.
    package var isSitePolicy: Bool { causes.contains { $0.reason == "SitePolicy" } }
}

extension KubernetesError {
    /// The answer when the API server refused; nil otherwise.
    package var refusal: Refused? {
        guard case .refused(let refusal) = self else { return nil }
        return refusal
    }

    package var isNotFound: Bool { refusal?.code == 404 && refusal?.reason == "NotFound" }
    package var alreadyExists: Bool { refusal?.code == 409 && refusal?.reason == "AlreadyExists" }
    /// A precondition did not hold: the object is another one than the caller thought.
    package var isConflict: Bool { refusal?.code == 409 && refusal?.reason == "Conflict" }
    /// The version or the continuation asked for is too old.
    package var isExpired: Bool { refusal?.code == 410 }
    /// The version asked for is not there yet, or not any more: the cluster was restored to an earlier state.
    package var isFromTheFuture: Bool {
        refusal?.code == 504 && refusal?.causes.contains { $0.reason == "ResourceVersionTooLarge" } == true
    }

    /// Whether the server does not know the policy of groups at all, and says so since it was asked to.
    package var isGroupsPolicyUnknown: Bool {
        guard let refusal, refusal.code == 400 else { return false }
        return refusal.message.contains(#"unknown field "spec.securityContext.supplementalGroupsPolicy""#)
    }

    /// Whether the call may have been carried out although it failed: then the only way to know is to read.
    package var isUncertain: Bool {
        switch self {
        case .refused(let refusal): refusal.code >= 500
        case .transport(_, let beforeSending): !beforeSending
        case .unreadable, .cancelled: true
        case .badRequest: false
        }
    }

    /// Whether the same call may succeed later without anybody changing it: the cluster is away, busy or unwell.
    package var mayRetry: Bool {
        switch self {
        case .refused(let refusal): refusal.code == 429 || (refusal.code >= 500 && refusal.reason != nil)
        case .transport, .unreadable: true
        case .badRequest, .cancelled: false
        }
    }

    /// Whether the cluster answered at all.
    package var wasAnswered: Bool {
        switch self {
        case .refused, .unreadable: true
        case .transport, .badRequest, .cancelled: false
        }
    }
}

extension KubernetesError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .refused(let refusal): "it answered \(refusal.code): \(refusal.message)"
        case .transport(let message, _): message
        case .unreadable(let message): "its answer cannot be understood: \(message)"
        case .badRequest(let message): message
        case .cancelled: "cancelled"
        }
    }
}
