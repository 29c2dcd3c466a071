import Testing

@testable import orrery

struct DevicePollingTests {
    @Test func whoIsToldToSlowDownDoesSoForGood() {
        var polling = DevicePolling(interval: 5, lasting: 600)
        #expect(polling.begin() == .wait(.seconds(5)))
        #expect(polling.refused("authorization_pending") == .wait(.seconds(5)))
        #expect(polling.refused("slow_down") == .wait(.seconds(10)))
        #expect(polling.refused("authorization_pending") == .wait(.seconds(10)))
        #expect(polling.lost() == .wait(.seconds(20)))
        for _ in 1...5 { _ = polling.lost() }
        #expect(polling.interval == .seconds(60))
    }

    @Test func itEndsWithTheTimeThatTheHubGave() {
        var polling = DevicePolling(interval: 5, lasting: 12)
        for _ in 1...3 { #expect(polling.refused("authorization_pending") == .wait(.seconds(5))) }
        guard case .end = polling.refused("authorization_pending") else {
            Issue.record("it goes on")
            return
        }
    }

    @Test func noNumberOfTheHubStopsTheProgram() {
        for seconds in [Int64.min, -5, 0] {
            var polling = DevicePolling(interval: .max, lasting: seconds)
            #expect(polling.begin() != .wait(.seconds(60)))
        }
        var polling = DevicePolling(interval: .max, lasting: .max)
        for _ in 1...60 { #expect(polling.begin() == .wait(.seconds(60))) }
        #expect(polling.begin() != .wait(.seconds(60)))
    }

    @Test func aReasonIsPassedOn() {
        var polling = DevicePolling(interval: 5, lasting: 600)
        #expect(polling.refused("access_denied", because: "too many tokens") == .end("too many tokens"))
    }

    @Test(arguments: [
        ("\u{1B}[2Jx\u{7}", "\u{FFFD}[2Jx\u{FFFD}"), ("a\nb\u{202E}c", "a\u{FFFD}b\u{FFFD}c"), ("Zoë", "Zoë"),
    ])
    func whatTheHubSaysCommandsNoTerminal(_ text: String, _ shown: String) { #expect(text.shown == shown) }

    @Test(arguments: ["access_denied", "expired_token", "invalid_grant", "invalid_client"])
    func aNoIsTheEnd(_ error: String) {
        var polling = DevicePolling(interval: nil, lasting: 600)
        guard case .end(let reason) = polling.refused(error) else {
            Issue.record("it goes on")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test(arguments: [(nil, 5), (0, 1), (-3, 1), (7, 7), (.max, 60)] as [(Int64?, Int64)])
    func theHubSaysHowOften(_ said: Int64?, _ seconds: Int64) {
        #expect(DevicePolling(interval: said, lasting: 600).interval == .seconds(seconds))
    }
}
