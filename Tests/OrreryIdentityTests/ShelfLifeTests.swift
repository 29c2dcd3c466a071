import Foundation
import Testing

@testable import OrreryFetch
@testable import OrreryIdentity

@Suite struct ShelfLifeTests {
    let start = Date(timeIntervalSince1970: 1_780_000_000)
    let away = IdentityError(.unreachable, issuer: "demo", sentence: "", detail: "away")

    enum Seen: Equatable { case use(String), useAndFetch(String), fetch, refuse }

    func seen(_ life: ShelfLife<String>, after seconds: TimeInterval) -> Seen {
        switch life.decision(at: start + seconds) {
        case .use(let value): .use(value)
        case .useAndFetch(let value): .useAndFetch(value)
        case .fetch: .fetch
        case .refuse: .refuse
        }
    }

    func stocked() -> ShelfLife<String> {
        var life = ShelfLife<String>()
        _ = life.arrived("good", freshFor: .seconds(3600), at: start)
        return life
    }

    @Test func anEmptyShelfFetches() { #expect(seen(ShelfLife(), after: 0) == .fetch) }

    @Test func aDocumentIsFreshThenRefreshedThenGone() {
        let life = stocked()
        #expect(seen(life, after: 3599) == .use("good"))
        #expect(seen(life, after: 3600) == .useAndFetch("good"))
        #expect(seen(life, after: 2 * 86400 - 1) == .useAndFetch("good"))
        #expect(seen(life, after: 2 * 86400) == .fetch)
    }

    @Test("K5: while fetching fails the old one stays for two days") func theOldOneStays() {
        var life = stocked()
        let fails = life.failed(away, at: start + 3600)
        #expect(fails)
        #expect(seen(life, after: 3601) == .use("good"))
        #expect(seen(life, after: 3659) == .use("good"))
        #expect(seen(life, after: 3660) == .useAndFetch("good"))
        let failsAgain = life.failed(away, at: start + 2 * 86400)
        #expect(!failsAgain)
        #expect(seen(life, after: 2 * 86400 + 1) == .refuse)
        #expect(seen(life, after: 2 * 86400 + 10) == .fetch)
    }

    @Test func aFailureIsRememberedForTenSeconds() {
        var life = ShelfLife<String>()
        let fails = life.failed(away, at: start)
        #expect(fails)
        #expect(seen(life, after: 9) == .refuse)
        #expect(seen(life, after: 10) == .fetch)
        let recovers = life.arrived("good", freshFor: .seconds(3600), at: start + 10)
        #expect(recovers)
        #expect(seen(life, after: 11) == .use("good"))
        let recoversAgain = life.arrived("better", freshFor: .seconds(3600), at: start + 12)
        #expect(!recoversAgain)
        #expect(seen(life, after: 13) == .use("better"))
    }

    @Test("K6: unknown keys are worth one fetch a minute, however long they come")
    func unknownKeysAreWorthOneFetchAMinute() {
        var life = stocked()
        var allowed: [Int] = []
        for second in 0..<600 where life.mayFetchNewer(at: start + TimeInterval(second)) { allowed.append(second) }
        #expect(allowed == Array(stride(from: 0, to: 600, by: 60)))
    }

    @Test func aClockThatIsSetBackKeepsNothingFromBeingFetched() {
        var life = stocked()
        let isAllowed = life.mayFetchNewer(at: start)
        let isAllowedAYearBefore = life.mayFetchNewer(at: start - 365 * 86400)
        #expect(isAllowed && isAllowedAYearBefore)
        #expect(seen(life, after: -1) == .useAndFetch("good"))
        _ = life.failed(away, at: start)
        #expect(seen(life, after: -1) == .useAndFetch("good"))
        var empty = ShelfLife<String>()
        _ = empty.failed(away, at: start)
        #expect(seen(empty, after: -1) == .fetch)
    }

    // Else nobody could log in there until the clock has caught up.
    @Test func aClockThatIsSetBackLetsPeopleDepart() {
        var life = stocked()
        let isAsked = { (life: ShelfLife<String>, seconds: TimeInterval) in
            if case .fetch = life.decisionBeforeDeparture(at: start + seconds) { true } else { false }
        }
        #expect(!isAsked(life, 2) && isAsked(life, -1))
        _ = life.failed(away, at: start + 60)
        #expect(!isAsked(life, 69) && isAsked(life, 70) && isAsked(life, 59))
    }

    static let headers: [(String?, Int64)] = [
        (nil, 3600), ("max-age=60", 3600), ("public, max-age=7200", 7200), ("max-age = 7200", 7200),
        ("MAX-AGE=7200", 7200),
        ("max-age=999999999", 21600), ("no-store", 3600), ("max-age=x", 3600), ("s-maxage=7200", 3600),
    ]

    @Test("K5: a document is fresh for one to six hours", arguments: headers) func freshness(
        _ header: String?, _ seconds: Int64
    ) {
        let headers = FetchHeaders(header.map { [("cache-control", $0)] } ?? [])
        #expect(Perishable("", headers).freshness == .seconds(seconds))
    }
}
