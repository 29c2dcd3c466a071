import Foundation
import Testing

@testable import OrreryStore

@Suite struct RecordIDTests {
    @Test func laterOnesSortBehindEarlierOnes() {
        let ids = (0..<50).map { RecordID.fresh(at: Sample.now + Double($0) / 1000) }
        #expect(ids == ids.sorted())
    }

    @Test func theyFitWhereTheyAreUsed() {
        let ids = (0..<200).map { _ in RecordID.fresh(at: Sample.now) }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.utf8.count == 26 && $0.allSatisfy { $0.isNumber || $0.isLowercase } })
    }
}
