import Foundation
import Testing

@testable import OrreryHub

struct TimestampTests {
    @Test(arguments: [
        (0.0, "1970-01-01T00:00:00.000000Z"), (1_795_256_559.431354, "2026-11-21T10:22:39.431354Z"),
        (-0.25, "1969-12-31T23:59:59.750000Z"), (1_795_256_559.9999999, "2026-11-21T10:22:40.000000Z"),
        (9.3e18, "9999-12-31T23:59:59.000000Z"),
    ])
    func writesSixDigits(_ seconds: Double, _ text: String) {
        #expect(Timestamp.text(Date(timeIntervalSince1970: seconds)) == text)
    }

    @Test func writesAMomentThatNoCalendarHasAsTheNearest() {
        // Which day that is depends on when a calendar changes to the Gregorian one.
        #expect(Timestamp.text(Date(timeIntervalSince1970: -9.3e18)).hasPrefix("0001-01-0"))
    }

    @Test(arguments: [
        ("2026-11-21T10:22:39.431354Z", 1_795_256_559.431354), ("2026-11-21T10:22:39Z", 1_795_256_559),
        ("2026-11-21T11:22:39+01:00", 1_795_256_559), ("2026-11-21T10:22:39.5Z", 1_795_256_559.5),
    ])
    func readsWhatServersSend(_ text: String, _ seconds: Double) throws {
        #expect(abs(try #require(Timestamp.date(text)).timeIntervalSince1970 - seconds) < 0.000_001)
    }

    @Test(arguments: [
        "xx", "", "2026-11-21", "2026-11-21T10:22:39", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
        "2026-11-21T25:00:00Z", "2026-11-21T24:00:00+01:00", "٢026-11-21T10:22:39Z",
    ])
    func refusesWhatIsNoMoment(_ text: String) {
        #expect(Timestamp.date(text) == nil)
    }
}
