import OrreryKubernetes
import OrreryModel

/// What it means that a cluster did not make a session's objects, and what its person reads. The refusals that share
/// status 403 are told apart by the API server's own words: there is nothing else to tell them by.
enum CreationRefusal: Hashable {
    /// It may work in a moment; this is what the person reads meanwhile.
    case later(String)
    /// It will not work until somebody changes something.
    case never(String)
    /// A quota of the cluster's own is full: another cluster may take it, or this one when somebody has left.
    case full(QuotaShortage, String)

    init(_ error: KubernetesError, cluster: String) {
        guard let refusal = error.refusal else {
            switch error {
            case .badRequest(let message):
                self = .never("This hub asked \(cluster) for something impossible: \(message). Tell an administrator.")
            default:
                self = .later("\(cluster) cannot be reached (\(error)). Trying again until it answers.")
            }
            return
        }
        let message = refusal.message
        switch refusal.code {
        case 401:
            self = .never("\(cluster) does not accept this hub's credential. An administrator must renew it.")
        case 403: self = Self.forbidden(refusal, cluster)
        case 404:
            self = .never("\(cluster) has no place for sessions (\(message)). An administrator must set it up.")
        case 409 where refusal.reason != "AlreadyExists":
            // Many who start at once meet in one ResourceQuota (kubernetes/kubernetes#67761).
            self = .later("\(cluster) cannot make it at this very moment (\(message)). Trying again.")
        case 409:
            self = .never(
                "On \(cluster) something else has the name of this session's pod. It was left alone; an administrator "
                    + "must look at it.")
        case 429: self = .later("\(cluster) is too busy right now. Trying again.")
        case 500...:
            self = .later(
                message.contains("failed calling webhook")
                    ? "A check of \(cluster)'s own does not answer (\(message)). Trying again."
                    : "\(cluster) is not well (\(message)). Trying again.")
        default:
            self = .never(
                Self.webhook(message, cluster)
                    ?? "\(cluster) does not understand the session's pod: \(message). Tell an administrator: the profile, "
                    + "or this hub, does not fit the cluster.")
        }
    }

    private static func forbidden(_ refusal: KubernetesError.Refused, _ cluster: String) -> CreationRefusal {
        let message = refusal.message
        if refusal.isSitePolicy {
            return .never(
                "The rules of \(cluster)'s site forbid this session: \(message). Choose otherwise, or another cluster.")
        }
        if let quota = QuotaRefusal(message) {
            guard quota.isOfStorage else { return .full(quota.shortage, quota.sentence(cluster)) }
            return .never(quota.sentence(cluster) + " Choose another cluster, or ask an administrator for room.")
        }
        if message.contains("failed quota:") {
            return .never(
                "\(cluster) wants more said about sizes: \(message). Tell an administrator: the profile lacks it.")
        }
        if let violated = message.firstRange(of: "violates PodSecurity ") {
            return .never(
                "\(cluster) forbids this session's pod under its PodSecurity rule \(message[violated.upperBound...]). "
                    + "Tell an administrator: the profile and the cluster's rule do not fit.")
        }
        if let denied = webhook(message, cluster) { return .never(denied) }
        if refusal.causes.contains(where: { $0.reason == "NamespaceTerminating" }) {
            return .never("\(cluster) is removing the place where sessions live. An administrator must look at it.")
        }
        if message.contains("cannot create resource") || message.contains("cannot get resource") {
            return .never(
                "\(cluster) does not let this hub make sessions (\(message)). An administrator must give it the right.")
        }
        return .never("\(cluster) refused the session: \(message). Tell an administrator.")
    }

    /// `admission webhook "x" denied the request: text`, with any status.
    private static func webhook(_ message: String, _ cluster: String) -> String? {
        guard let start = message.firstRange(of: "admission webhook "), message.contains("denied the request") else {
            return nil
        }
        return "A rule of \(cluster)'s own refused the session: \(message[start.upperBound...])"
    }
}
