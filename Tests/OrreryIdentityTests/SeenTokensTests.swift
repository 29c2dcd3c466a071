import Foundation
import Testing

@testable import OrreryIdentity

@Suite struct SeenTokensTests {
    let start = Date(timeIntervalSince1970: 1_780_000_000)

    @Test("C14: a logout token works once, until it is too old anyway") func worksOnce() {
        var seen = SeenTokens()
        func isFirst(_ id: String, _ issuer: String, after seconds: TimeInterval) -> Bool {
            seen.isFirst(id, of: issuer, until: start + 120, at: start + seconds)
        }
        let first = isFirst("j-1", "a", after: 0)
        let replayed = isFirst("j-1", "a", after: 119)
        let anothers = isFirst("j-1", "b", after: 119)
        #expect(first && !replayed && anothers)
        #expect(seen.count == 2)
        _ = isFirst("j-2", "a", after: 120)
        #expect(seen.count == 1)
    }

    @Test func whatIsForgottenComesForTheFirstTimeAgain() {
        var seen = SeenTokens()
        func isFirst() -> Bool { seen.isFirst("j-1", of: "a", until: start + 120, at: start) }
        let first = isFirst()
        seen.forget("j-1", of: "b")
        let replayed = isFirst()
        seen.forget("j-1", of: "a")
        let again = isFirst()
        #expect(first && !replayed && again)
    }
}
