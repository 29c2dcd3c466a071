import FoundationEssentials
import OrreryModel

@testable import OrreryHub

/// Pages as the demo would show them. The tests look at them, and with `ORRERY_PAGES=directory` they are written there
/// together with their assets, to be opened in a browser.
enum PageSamples {
    static let instant = Date(timeIntervalSince1970: 1_795_264_313)
    static let frame = Frame(person: "ada", isAdmin: true, csrf: "token-of-the-test")

    static let login = LoginPage(
        issuers: [
            LoginChoice(title: "Photon Lab", href: "/hub/login/photon?next=%2Fhub%2Fhome"),
            LoginChoice(title: "EGI Check-in", href: "/hub/login/egi"),
            LoginChoice(
                title: "WLCG", href: nil,
                unavailable: "the login provider WLCG does not answer since 12:03; try again later"),
        ],
        notice: Notice(kind: .warning, text: "your login has expired", next: "log in again to go on"))

    static let mounts = [
        MountView(path: "/home/ada", isReadOnly: false, fileset: "home", isHome: true),
        MountView(path: "/project/photoz", isReadOnly: false, fileset: "project"),
        MountView(path: "/project/shared", isReadOnly: true, fileset: "project-shared"),
        MountView(path: "/datasets/public", isReadOnly: true, fileset: "datasets-public"),
        MountView(path: "/scratch/ada", isReadOnly: false, fileset: "scratch"),
    ]

    static let embargo = RefusalView(
        what: "fileset datasets-dr3", reason: "opens to everyone on 2027-06-30; until then it is for collaborators",
        remedy: "ask an owner of the group collaborators")

    static let clusters = [
        ClusterChoice(
            value: "north", title: "North", condition: .ready, conditionText: "12 of 40 places taken", isSelected: true,
            mounts: mounts, refusals: [embargo]),
        ClusterChoice(
            value: "south", title: "South", condition: .degraded, conditionText: "answers slowly since 12:03",
            mounts: Array(mounts.prefix(4)),
            refusals: [
                embargo, RefusalView(what: "fileset scratch", reason: "the cluster South has no storage for it"),
            ]),
        ClusterChoice(
            value: "west", title: "West", condition: .unreachable, conditionText: "since 11:20",
            refusal: "nothing can be started while it is unreachable", mounts: [], refusals: []),
    ]

    static let sizes = [
        Choice(value: "small", title: "Small", detail: "up to 2 CPU and 4 GiB of memory", isSelected: true),
        Choice(value: "large", title: "Large", detail: "up to 8 CPU and 32 GiB of memory"),
        Choice(value: "gpu", title: "GPU", detail: "8 CPU, 64 GiB, 1 GPU", refusal: "only developers have it"),
    ]

    static let home = HomePage(
        frame: frame,
        person: PersonView(
            name: "ada", issuer: "Photon Lab", groups: ["developers", "project:photoz"], uid: "20001"),
        notices: [
            Notice(
                kind: .failure, text: "your last session ended because the notebook used more than 4 GiB of memory",
                next: "start it with the size large")
        ],
        sessions: [
            SessionCard(
                profile: "Standard notebook", environment: "JupyterLab 4.4", size: "Small", cluster: "North",
                state: StateView(.ready), since: Moment(instant), openHref: "/user/ada/lab",
                restartAction: "/hub/restart/01k", stopAction: "/hub/stop/01k"),
            SessionCard(
                server: "big", profile: "Standard notebook", environment: "JupyterLab 4.4", size: "Large",
                cluster: "South", state: StateView(.ready), since: Moment(instant), openHref: "/user/ada/big/",
                restartAction: "/hub/restart/01m", stopAction: "/hub/stop/01m"),
        ],
        profiles: [
            ProfileCard(
                name: "standard", title: "Standard notebook",
                description: "JupyterLab with the usual scientific Python",
                isOpen: true,
                environments: [
                    Choice(
                        value: "lab", title: "JupyterLab 4.4", detail: "Python 3.11, NumPy, Matplotlib",
                        isSelected: true),
                    Choice(value: "weekly", title: "Weekly 2026_47", detail: "what will be the next release"),
                ],
                sizes: sizes, clusters: clusters),
            ProfileCard(
                name: "teaching", title: "Course", description: "A small notebook with the exercises of the week",
                environments: [Choice(value: "lab", title: "JupyterLab 4.4", isSelected: true)],
                sizes: [Choice(value: "small", title: "Small", isSelected: true)], clusters: clusters),
        ],
        withheld: [
            RefusalView(
                what: "Batch on GPUs", reason: "only the group accelerators has it",
                remedy: "ask an owner of the group accelerators")
        ],
        startAction: "/hub/spawn")

    static let progress = ProgressPage(
        frame: frame, title: "Starting Standard notebook", subtitle: "JupyterLab 4.4 · Small · on North",
        phases: ProgressPhase.all(at: .image),
        events: [
            ProgressEvent(number: 1, state: .queued, message: "asked for by ada", at: instant),
            ProgressEvent(number: 2, state: .creating, message: "pod nb-01k7 made on North", at: instant),
            ProgressEvent(number: 3, state: .scheduled, message: "placed on node north-1", at: instant + 1),
            ProgressEvent(number: 4, state: .volumes, message: "5 file trees connected", at: instant + 2),
            ProgressEvent(
                number: 5, state: .image,
                message: "Pulling image \"registry.orrery.test/lab/jupyterlab@sha256:0f3c…\"", at: instant + 2),
        ],
        eventsHref: "/hub/sessions/01k/events", readyHref: "/user/ada/lab", cancelAction: "/hub/sessions/01k/stop")

    static let failed = ProgressPage(
        frame: frame, title: "Standard notebook", subtitle: "JupyterLab 4.4 · Small · on North",
        phases: ProgressPhase.all(at: .starting, failed: true), events: progress.events, eventsHref: nil,
        readyHref: "/user/ada/lab",
        failure: ProgressFailure(
            sentence: "the notebook ended by itself three times with status 1",
            next: "look at its output below, or try another environment",
            log: """
                Traceback (most recent call last):
                  File "/opt/lab/bin/jupyterhub-singleuser", line 5, in <module>
                    from jupyterhub.singleuser import main
                ModuleNotFoundError: No module named 'jupyterhub'
                """,
            retryHref: "/hub/home"))

    static let notFound = ErrorPage(
        frame: frame, status: 404, sentence: "there is no page at /hub/hme",
        next: "go back, or begin at your home page", requestID: "b91c0fa27de4")

    static let forbidden = ForbiddenPage(
        frame: frame, sentence: "this is the notebook of grace, and she has not shared it with you",
        next: "ask her to share it", requestID: "b91c0fa27de4")

    static let stopped = StoppedPage(
        frame: frame, title: "Your notebook", sentence: "you stopped it", endedAt: Moment(instant),
        startHref: "/hub/home")

    static let logout = LogoutPage(
        loginHref: "/hub/login",
        notices: [Notice(kind: .information, text: "your session on North goes on running", next: "log in to stop it")])

    static let onward = OnwardPage(frame: frame, title: "Photon Lab", href: "//photon.test/login?state=7f3c")

    static let account = AccountPage(
        frame: frame, name: "ada",
        identities: [
            IdentityView(issuer: "Photon Lab", url: "photon.test", subject: "7f3c", isFirst: true),
            IdentityView(issuer: "GitHub", url: "github.com", subject: "583231", isFirst: false),
        ],
        issuers: [
            LoginChoice(title: "EGI Check-in", href: "/hub/account/link/egi"),
            LoginChoice(title: "WLCG", href: nil, unavailable: "the login provider WLCG does not answer"),
        ])

    static let tokens = TokenPage(
        frame: frame, made: MadeToken(note: "nightly on farm-7", text: "orrery_0123456789"),
        tokens: [
            TokenView(
                note: "nightly on farm-7", rights: ["servers!user=ada", "read:users!user=ada"], made: Moment(instant),
                used: nil, ends: Moment(instant + 86400), revokeAction: "/hub/token/01k7/revoke")
        ],
        rights: [
            RightChoice(field: "own-servers", name: "servers", promise: "start, stop and see servers", isSelected: true)
        ],
        operatorRights: [RightChoice(field: "all-admin:users", name: "admin:users", promise: "suspend people")],
        lives: [Choice(value: "86400", title: "1 day", isSelected: true)])

    static let device = DevicePage(
        frame: frame,
        request: DeviceView(
            code: "BCDF-GHJK", host: "farm-7", address: "192.0.2.7", since: Moment(instant), life: "30 days",
            rights: [RightChoice(field: "", name: "servers", promise: "start, stop and see servers")]))

    static let deviceCode = DevicePage(
        frame: frame, notices: [Notice(kind: .failure, text: "no program waits with this code")], code: "BCDF")

    static let deviceDone = DevicePage(
        frame: frame, outcome: Notice(kind: .success, text: "the program gets its token", next: "close this page"))

    static let waiting = WaitingView(
        wish: "south", id: "0f3c9a77", fingerprint: "0f3c9a77 0f3c9a77", address: "192.0.2.7", uid: "1f0e-4d",
        version: "1.0, v1.36",
        since: Moment(instant), reason: "somebody claims it, or an administrator decides", action: "/hub/joins/0f3c")

    static let another = WaitingView(
        wish: "south", id: "7a990f3c", fingerprint: "7a990f3c 7a990f3c", address: "192.0.2.8", uid: "2f0e-4d",
        version: "1.0, v1.36", since: Moment(instant), reason: "somebody claims it", action: "/hub/joins/7a99")

    static let clustersList = ClustersPage(
        frame: frame,
        clusters: [
            ClusterLine(
                name: "south", title: "South", href: "/hub/clusters/south", state: ClusterStateView(.degraded),
                facets: ["member", "schedulable", "trust owner"],
                reasons: ["its agent's clock is 600 s ahead of the hub's"]),
            ClusterLine(
                name: "west", title: "West", href: "/hub/clusters/west", state: ClusterStateView(.unreachable),
                facets: ["suspended"], reasons: []),
        ], waiting: [waiting, another])

    static let invites = InvitePage(
        frame: frame, made: "orrery://hub.test/k7m2qd.0123456789abcdef",
        invites: [
            InviteView(
                id: "k7m2qd", facts: ["for one cluster", "called south", "owner science"], maker: "ada",
                made: Moment(instant),
                ends: Moment(instant + 86400), revokeAction: "/hub/invites/k7m2qd/revoke")
        ], lives: [Choice(value: "86400", title: "1 day", isSelected: true)])

    static let cluster = ClusterPage(
        frame: frame, title: "South", name: "south", state: ClusterStateView(.ready),
        reasons: ["the site has paused it"],
        facets: [
            FacetView(name: "Membership", value: "member", actor: "ada", at: Moment(instant), reason: "claimed by ada")
        ], facts: [FactView(name: "Let in", value: "by the rule claim,", at: Moment(instant))],
        links: [LinkView(address: "192.0.2.7", version: "1.0", since: Moment(instant), text: ", 12 ms away")],
        action: "/hub/clusters/south",
        orders: [
            OrderView(value: "cordon", title: "Take no new sessions"),
            OrderView(value: "revoke", title: "Revoke", isDangerous: true),
        ], trusts: [Choice(value: "owner", title: "owner", isSelected: true)],
        ceilings: [Choice(value: "public", title: "public", isSelected: true)])

    static let claim = ClaimPage(
        frame: frame, code: "BCDF-GHJK", request: waiting, groups: [Choice(value: "science", title: "science")])

    static let claimDone = ClaimPage(
        frame: frame,
        outcome: Notice(
            kind: .success, text: "South belongs to science now",
            link: Link(title: "Look at it", href: "/hub/clusters/south")))

    static let all: [(name: String, page: any Page)] = [
        ("account", account), ("login", login), ("home", home), ("progress", progress), ("failed", failed),
        ("error", notFound),
        ("forbidden", forbidden), ("stopped", stopped), ("logout", logout), ("onward", onward),
        ("tokens", tokens), ("device", device), ("device-code", deviceCode),
        ("device-done", deviceDone), ("clusters", clustersList), ("cluster", cluster), ("claim", claim),
        ("claim-done", claimDone), ("invites", invites),
    ]
}
