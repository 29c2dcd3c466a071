import OrreryKubernetes
import OrreryModel

/// What one of the cluster's own events says about a session, in plain words. Nil when it says nothing to a person.
struct EventReading: Hashable {
    /// How far the session is at least, when the event tells.
    var progress: SessionState?
    var sentence: String
    var sign: Sign?
    /// It comes from the pod's node, which so is not silent about it.
    var isFromNode: Bool

    enum Sign: Hashable {
        /// A volume could not be attached.
        case mountFailed
        /// The pod's network could not be made.
        case networkFailed
        /// The program does not answer its kubelet.
        case noAnswer
        /// The cluster is adding a node.
        case growing
    }

    init?(_ event: ClusterEvent) {
        let message = event.message ?? ""
        switch event.reason {
        case "Scheduled": self.init(.scheduled, "The cluster has found a place for it.")
        case "FailedScheduling": self.init(nil, "No place yet: \(message)")
        case "TriggeredScaleUp": self.init(nil, "The cluster is adding a node; that takes some minutes.", .growing)
        case "FailedMount", "FailedAttachVolume":
            self.init(.volumes, "A volume cannot be attached yet: \(message)", .mountFailed)
        case "FailedCreatePodSandBox":
            self.init(nil, "Its node cannot make a network for it yet: \(message)", .networkFailed)
        case "Unhealthy": self.init(nil, "", .noAnswer)
        case "NotTriggerScaleUp": self.init(nil, "The cluster adds no node for it: \(message)")
        case "SuccessfulAttachVolume": self.init(.volumes, "A volume is attached.")
        case "Pulling": self.init(.image, "Fetching the image.")
        case "Pulled": self.init(.image, "The image is there.")
        case "Started": self.init(.starting, "The notebook server is starting.")
        // What these say stands in the pod's own status, or is not news.
        case "Created", "Killing", "BackOff", "Failed", "InspectFailed": return nil
        default:
            guard event.isWarning, !message.isEmpty else { return nil }
            self.init(nil, "The cluster says: \(message)")
        }
        isFromNode = !Self.planners.contains(event.reason ?? "")
    }

    /// Those who decide about places, before a node knows the pod.
    private static let planners = ["Scheduled", "FailedScheduling", "TriggeredScaleUp", "NotTriggerScaleUp"]

    private init(_ progress: SessionState?, _ sentence: String, _ sign: Sign? = nil) {
        self.progress = progress
        self.sentence = sentence
        self.sign = sign
        isFromNode = true
    }
}
