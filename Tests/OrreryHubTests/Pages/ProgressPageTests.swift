import OrreryModel
import Testing

@testable import OrreryHub

@Suite struct ProgressPageTests {
    @Test func everyPendingStateBelongsToOnePhase() {
        let states = ProgressPhase.all(at: .queued).flatMap { $0.states.split(separator: " ").map(String.init) }
        #expect(states == SessionState.allCases.filter(\.isPending).map(\.rawValue))
    }

    @Test(arguments: [
        (SessionState.queued, false, "current pending pending pending pending pending pending"),
        (.creating, false, "done current pending pending pending pending pending"),
        (.image, false, "done done done done current pending pending"),
        (.starting, true, "done done done done done failed pending"),
        (.ready, false, "done done done done done done done"),
    ])
    func phasesShowHowFarItCame(_ state: SessionState, _ failed: Bool, _ expected: String) {
        let statuses = ProgressPhase.all(at: state, failed: failed).map { "\($0.status)" }
        #expect(statuses.joined(separator: " ") == expected)
    }

    @Test func pageThatWaitsWorksWithAndWithoutAScript() {
        let html = PageSamples.progress.html()
        #expect(html.contains("<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>"))
        #expect(html.contains("<script src=\"\(Asset.progressScript.path)\" defer></script>"))
        #expect(html.contains("data-events=\"/hub/sessions/01k/events\" data-ready=\"/user/ada/lab\""))
        #expect(html.contains("role=\"log\""))
    }

    @Test func pageThatFailedWaitsForNothing() {
        let html = PageSamples.failed.html()
        #expect(!html.contains("http-equiv") && !html.contains(Asset.progressScript.path))
        #expect(html.contains("<p class=\"sentence\">the notebook ended by itself three times with status 1; look at"))
        #expect(html.contains("ModuleNotFoundError"))
    }

    @Test func pageThatIsReadyGoesOn() {
        let page = ProgressPage(
            frame: PageSamples.frame, title: "Standard notebook", phases: ProgressPhase.all(at: .ready), events: [],
            eventsHref: nil, readyHref: "/user/ada/lab", isReady: true)
        #expect(page.html().contains("<meta http-equiv=\"refresh\" content=\"0; url=/user/ada/lab\">"))
    }

    @Test func momentsAreExactForMachinesAndShortForReaders() {
        let moment = Moment(PageSamples.instant)
        #expect(moment.exact == "2026-11-21T12:31:53Z")
        #expect(moment.text == "21 Nov 2026, 12:31 UTC")
        #expect(moment.clock == "12:31:53")
    }
}
