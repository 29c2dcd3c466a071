import Foundation
import OrreryModel
import Testing

@testable import OrreryHub

@Suite struct HostileTextTests {
    /// Each would end a text, an attribute or a script if it came through as it is. The last two put a combining mark
    /// behind the quote, so that quote and mark are one character of another name.
    static let texts = [
        "<script>alert(1)</script>", "\" onmouseover=\"alert(1)", "' autofocus onfocus='alert(1)",
        "</title><svg onload=x>",
        "{{frame.csrf}}", "&lt;b&gt;", "</pre><img src=x>", "\"\u{301} onclick=\u{301}alert(1)", "<\u{338}script>",
        "a\u{0}b",
    ]

    static func pages(_ text: String) -> [any Page] {
        let frame = Frame(product: text, person: text, csrf: text)
        let refusal = RefusalView(what: text, reason: text, remedy: text)
        let choice = Choice(value: text, title: text, detail: text, refusal: text)
        let cluster = ClusterChoice(
            value: text, title: text, condition: .ready, conditionText: text, refusal: text,
            mounts: [MountView(path: text, isReadOnly: true, fileset: text)], refusals: [refusal])
        let profile = ProfileCard(
            name: text, title: text, description: text, environments: [choice], sizes: [choice], clusters: [cluster],
            startRefusal: text)
        let session = SessionCard(
            server: text, profile: text, environment: text, size: text, cluster: text, state: StateView(.ready),
            since: Moment(PageSamples.instant), message: text, openHref: text, progressHref: text, stopAction: text)
        let link = Link(title: text, href: text)
        let notice = Notice(kind: .failure, text: text, next: text, link: link)
        let failure = ProgressFailure(title: text, sentence: text, next: text, log: text, retryHref: text)
        let event = ProgressEvent(number: 1, state: .image, message: text, at: PageSamples.instant)
        let issuers = [
            LoginChoice(title: text, href: text), LoginChoice(title: text, href: nil, unavailable: text),
        ]
        return [
            LoginPage(frame: frame, issuers: issuers, notice: notice),
            AccountPage(
                frame: frame, name: text,
                identities: [
                    IdentityView(issuer: text, url: text, subject: text, isFirst: true),
                    IdentityView(issuer: text, url: text, subject: text, isFirst: false),
                ], issuers: issuers),
            OnwardPage(frame: frame, title: text, href: text),
            LogoutPage(frame: frame, loginHref: text, issuer: text, issuerHref: text, notices: [notice]),
            TokenPage(
                frame: frame, notices: [notice], made: MadeToken(note: text, text: text),
                tokens: [
                    TokenView(
                        note: text, rights: [text], made: Moment(PageSamples.instant), used: nil, ends: nil,
                        revokeAction: text)
                ], rights: [RightChoice(field: text, name: text, promise: text)],
                operatorRights: [RightChoice(field: text, name: text, promise: text)], lives: [choice]),
            DevicePage(
                frame: frame, notices: [notice], code: text,
                request: DeviceView(
                    code: text, host: text, address: text, since: Moment(PageSamples.instant), life: text,
                    rights: [RightChoice(field: text, name: text, promise: text)])),
            ClaimPage(
                frame: frame, code: text,
                request: WaitingView(
                    wish: text, id: text, fingerprint: text, address: text, uid: text, version: text,
                    since: Moment(PageSamples.instant), reason: text, action: text), groups: [choice]),
            ClusterPage(
                frame: frame, title: text, name: text, state: ClusterStateView(.ready), reasons: [text],
                facets: [
                    FacetView(name: text, value: text, actor: text, at: Moment(PageSamples.instant), reason: text)
                ], facts: [FactView(name: text, value: text)],
                links: [LinkView(address: text, version: text, since: Moment(PageSamples.instant), text: text)],
                action: text, orders: [OrderView(value: text, title: text)], trusts: [choice], ceilings: [choice]),
            ClustersPage(
                frame: frame,
                clusters: [
                    ClusterLine(
                        name: text, title: text, href: text, state: ClusterStateView(.ready), facets: [text],
                        reasons: [text])
                ],
                waiting: [
                    WaitingView(
                        wish: text, id: text, fingerprint: text, address: text, uid: text, version: text,
                        since: Moment(PageSamples.instant), reason: text, action: text)
                ]),
            InvitePage(
                frame: frame, notices: [notice], made: text,
                invites: [
                    InviteView(
                        id: text, facts: [text], maker: text, made: Moment(PageSamples.instant),
                        ends: Moment(PageSamples.instant), revokeAction: text)
                ], lives: [choice]),
            DevicePage(frame: frame, code: text), DevicePage(frame: frame, outcome: notice),
            HomePage(
                frame: frame, person: PersonView(name: text, issuer: text, groups: [text], uid: text),
                notices: [notice],
                sessions: [session], profiles: [profile], withheld: [refusal], startAction: text, startRefusal: text),
            ProgressPage(
                frame: frame, title: text, subtitle: text, phases: ProgressPhase.all(at: .image), events: [event],
                eventsHref: text, readyHref: text, cancelAction: text, failure: failure, isReady: true),
            ErrorPage(frame: frame, status: 500, sentence: text, next: text, requestID: text, link: link),
            ForbiddenPage(frame: frame, sentence: text, next: text, requestID: text, link: link),
            StoppedPage(
                frame: frame, title: text, sentence: text, endedAt: Moment(PageSamples.instant), startHref: text),
        ]
    }

    /// The document's tags and attributes without any value: what a browser would build from it.
    private func skeleton(_ html: String) throws -> [String] {
        try html.unicodeScalars.filter { $0 != "\u{0}" }.map(String.init).joined()
            .replacing(Regex(#""[^"]*""#).matchingSemantics(.unicodeScalar), with: "\"\"")
            .matches(of: Regex(#"<[^>]*>"#).matchingSemantics(.unicodeScalar)).map {
                String($0.output[0].substring ?? "")
            }
    }

    @Test(arguments: texts) func textAddsNoTagAndNoAttribute(_ text: String) throws {
        for (hostile, harmless) in zip(Self.pages(text), Self.pages("harmless")) {
            #expect(try skeleton(hostile.html()) == skeleton(harmless.html()))
        }
    }

    @Test func textIsReadableAsItWasWritten() {
        let html = HTMLText().escapeText("<b> & \"quotes\" 'here' é\u{301} 🪐\u{0}")
        #expect(html == "&lt;b&gt; &amp; &quot;quotes&quot; &#39;here&#39; é\u{301} 🪐\u{FFFD}")
    }

    @Test(arguments: texts + ["line\nbreak\r\n\ndata: {}"]) func eventIsOneLineOfData(_ text: String) throws {
        let event = ProgressEvent(number: 7, state: .image, message: text, at: PageSamples.instant)
        let lines = try event.serverSent().split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 4 && lines[0] == "id: 7" && lines[2].isEmpty && lines[3].isEmpty)
        let value = try JSONDecoder().decode(JSON.self, from: Data(lines[1].dropFirst(6).utf8))
        #expect(value["message"]?.string == text)
    }
}
