import Foundation
import OrreryModel
import OrreryPolicy
import OrrerySpawn

/// How a cluster does, in words for people.
struct ConditionWords: Sendable {
    let view: ClusterConditionView
    let text: String?
    /// Why nothing can be started there; nil when something can.
    let refusal: String?

    init(_ condition: ClusterCondition) {
        switch condition {
        case .ready:
            (view, text, refusal) = (.ready, nil, nil)
        case .degraded(let reason):
            (view, text, refusal) = (.degraded, reason, nil)
        case .unreachable(let since, let reason):
            view = .unreachable
            text = "since \(Moment(since).text): \(reason)"
            refusal = "it cannot be reached now"
        case .neverSeen:
            (view, text, refusal) = (.unknown, "it has not answered since the hub started", "it cannot be reached now")
        }
    }

    /// What stands beside the choice of the cluster where `verdict` is what is against it. Since when and why nobody reaches it is part
    /// of a verdict, and is said once.
    func beside(_ verdict: String?) -> (text: String?, refusal: String?) {
        refusal == nil || verdict == nil ? (text, verdict ?? refusal) : (nil, verdict)
    }
}

extension RefusalView {
    init(_ refusal: Refusal) { self.init(what: refusal.what, reason: refusal.reason, remedy: refusal.remedy) }

    /// Reason and remedy without the name, for a place that shows the name already.
    var sentence: String { remedy.map { "\(reason); \($0)" } ?? reason }
}

extension Policy.Size {
    /// `2 CPU, 4 GiB memory`: the limits, which are what a person gets at most.
    var words: String {
        let gpus = gpu == 0 ? "" : ", \(gpu) GPU"
        return "\(cpu.limit) CPU, \(memory.limit.words) memory\(gpus)"
    }
}

extension ByteCount {
    /// `4 GiB`, for people.
    var words: String {
        let text = description
        return "\(text.prefix(while: \.isNumber)) \(text.drop(while: \.isNumber))B"
    }
}

extension String {
    /// A sentence as a clause: pages put their own full stop.
    var withoutFullStop: String { hasSuffix(".") ? String(dropLast()) : self }

    /// The first line as a clause. What follows it is output that was kept, which has a place of its own.
    var headline: String { String(prefix { !$0.isNewline }).withoutFullStop }
}
