import Foundation
import OrreryKubernetes
import OrreryLink
import OrreryModel
import OrreryWire
import Synchronization
import Testing

@testable import OrreryAgent

/// Which pods of a cluster an agent leads to.
@Suite struct PodWatchTests {
    private static func isKnown(_ book: PodBook, _ pod: Pod, port: UInt16 = 8888) -> Bool {
        switch book.place(uid: pod.metadata.uid ?? "", port: port) {
        case .at, .refused(.noAnswer, _), .refused(.policy, _): true
        case .refused: false
        }
    }

    @Test func onlyThisHubsPodsInAllowedNamespacesAreKnown() async throws {
        try await PocketRig.run { rig in
            let book = PodBook()
            let scope = Mutex(PodWatch.Scope(namespaces: ["sessions"], hub: "orrery"))
            let watch = PodWatch(
                book, client: { rig.client($0) }, scope: { scope.withLock { $0 } }, logger: PocketRig.quiet)
            let ours = try await rig.makePod("ours")
            let others = try await rig.makePod("others", hub: "another")
            let elsewhere = try await rig.makePod("elsewhere", namespace: "elsewhere")
            let task = Task { await watch.run() }
            #expect(await soon { Self.isKnown(book, ours) })
            let late = try await rig.makePod("late")
            #expect(await soon { Self.isKnown(book, late) })
            #expect(!Self.isKnown(book, others) && !Self.isKnown(book, elsewhere))
            // A pod gets its address from the cluster, and only ports that it declares are led to.
            #expect(
                await soon {
                    if case .at(let address) = book.place(uid: ours.metadata.uid ?? "", port: 8888) {
                        return address.port == 8888
                    }
                    return false
                })
            guard case .refused(.policy, _) = book.place(uid: ours.metadata.uid ?? "", port: 22) else {
                Issue.record("an undeclared port was led to")
                return
            }
            try await rig.client.delete(Pod.self, "ours", grace: .zero)
            #expect(await soon { !Self.isKnown(book, ours) })
            // The site changes its mind.
            scope.withLock { $0 = PodWatch.Scope(namespaces: ["elsewhere"], hub: "orrery") }
            #expect(await soon { Self.isKnown(book, elsewhere) && !Self.isKnown(book, late) })
            task.cancel()
            await task.value
            #expect(book.count == 0)
        }
    }
}
