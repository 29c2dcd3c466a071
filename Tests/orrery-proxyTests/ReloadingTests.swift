import Dispatch
import Glibc
import Synchronization
import Testing

@testable import orrery_proxy

/// Reading files again, with files that take as long as the test likes.
struct ReloadingTests {
    private final class Slow: Sendable {
        let began = DispatchSemaphore(value: 0)
        let mayEnd = DispatchSemaphore(value: 0)
        let count = Atomic<Int>(0)

        func read() {
            count.add(1, ordering: .relaxed)
            began.signal()
            mayEnd.wait()
        }
    }

    private func hasBegun(_ slow: Slow) -> Bool { slow.began.wait(timeout: .now() + .seconds(60)) == .success }

    @Test func nobodyWaitsForSlowFiles() {
        let slow = Slow()
        let reloading = Reloading { slow.read() }
        #expect(!reloading.isUnderWay)
        // Were it done here, this would never return.
        reloading.begin()
        #expect(reloading.isUnderWay && hasBegun(slow))
        slow.mayEnd.signal()
    }

    @Test func whatIsAskedForMeanwhileIsDoneOnceMore() {
        let slow = Slow()
        let reloading = Reloading { slow.read() }
        reloading.begin()
        #expect(hasBegun(slow))
        for _ in 0..<5 { reloading.begin() }
        slow.mayEnd.signal()
        #expect(hasBegun(slow))
        slow.mayEnd.signal()
        while reloading.isUnderWay { usleep(1000) }
        #expect(slow.count.load(ordering: .relaxed) == 2)
        reloading.begin()
        #expect(hasBegun(slow) && slow.count.load(ordering: .relaxed) == 3)
        slow.mayEnd.signal()
    }
}
