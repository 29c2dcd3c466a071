package import OrreryKubernetes
package import OrreryLink
package import OrreryWire
import Synchronization

/// The hub's pods on this cluster, by uid: the only places in it that a proxy can reach through the agent.
///
/// Concurrency: filled by the tasks that watch, asked by the relay's thread.
package final class PodBook: Sendable {
    /// What became of a question.
    package enum Answer: Equatable, Sendable {
        case at(SocketAddress)
        case refused(HandoffAnswer.Code, say: String)
    }

    private struct Place {
        let namespace: String
        let address: String?
        let ports: Set<UInt16>
    }

    private let places = Mutex<[String: Place]>([:])
    private let listed = Mutex<Set<String>>([])

    package init() {}

    /// Whether all pods of these namespaces have been seen once.
    package func knows(_ namespaces: [String]) -> Bool { listed.withLock { $0.isSuperset(of: namespaces) } }

    /// How many pods are known.
    package var count: Int { places.withLock { $0.count } }

    /// Where a port of the pod with this uid is. Only ports that its containers declare can be reached: a pod's other
    /// ports are nobody's business.
    package func place(uid: String, port: UInt16) -> Answer {
        let place = places.withLock { $0[uid] }
        guard let place else { return .refused(.noPod, say: "The cluster has no such session any more.") }
        guard place.ports.contains(port) else {
            return .refused(
                .policy, say: "The session does not declare port \(port); only ports that it declares are reached.")
        }
        guard let address = place.address.flatMap({ SocketAddress.resolve($0, port: port) }) else {
            return .refused(.noAnswer, say: "The session has no address yet.")
        }
        return .at(address)
    }

    /// Takes what one watch of one namespace tells.
    package func take(_ reflection: Reflection<PodPlace>, namespace: String) {
        switch reflection {
        case .complete(let pods, _):
            places.withLock { places in
                // What cannot be read is not reached; what is not in the list is gone.
                places = places.filter { !$0.value.namespace.utf8.elementsEqual(namespace.utf8) }
                for pod in pods { Self.put(pod, namespace, &places) }
            }
            listed.withLock { _ = $0.insert(namespace) }
        case .changed(let pod): places.withLock { Self.put(pod, namespace, &$0) }
        case .deleted(let pod): places.withLock { places in pod.metadata.uid.map { places[$0] = nil } }
        case .seen, .unseen: break
        }
    }

    /// Forgets the pods of a namespace that the site does not allow any more.
    package func forget(namespace: String) {
        places.withLock { places in places = places.filter { !$0.value.namespace.utf8.elementsEqual(namespace.utf8) } }
    }

    private static func put(_ pod: PodPlace, _ namespace: String, _ places: inout [String: Place]) {
        guard let uid = pod.metadata.uid else { return }
        guard !pod.hasEnded else {
            places[uid] = nil
            return
        }
        places[uid] = Place(namespace: namespace, address: literal(pod.status?.podIP), ports: pod.ports)
    }

    /// An address, never a name: nothing is looked up for a pod.
    private static func literal(_ text: String?) -> String? {
        guard let text, !text.isEmpty else { return nil }
        let isLiteral = text.utf8.allSatisfy { $0 &- 48 < 10 || $0 == 46 } || text.utf8.contains(UInt8(ascii: ":"))
        return isLiteral ? text : nil
    }
}
