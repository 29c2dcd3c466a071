import Foundation
import Hummingbird
import Logging
import OrreryCrypto
import OrreryFetch
import OrreryIdentity
import OrreryKubernetes
import OrreryPolicy
import OrrerySpawn
import OrreryStore
import ServiceLifecycle

/// The parts of one hub, each made once and given what it needs. Nothing here listens or runs yet.
struct HubServices: Sendable {
    let configuration: HubConfiguration
    let database: Database
    /// Seals what the database must not show by itself.
    let keys: KeyRing
    let audit: AuditLog
    let gate: Gate
    let flow: LoginFlow
    let issuers: any LoginIssuers
    let provider: OAuthProvider
    let policies: PolicyBook
    /// The policy's documents as they were found before they were read.
    let seen: [String: PolicyFiles.Mark]
    let desk: SessionDesk
    let view: HomeView
    let activity: ActivityLedger
    let uses: ActivityLedger
    let tokenDesk: TokenDesk
    let devices: DeviceDesk
    let proxy: ProxyBook
    let registry: ClusterRegistry
    let clusterDesk: ClusterDesk
    let agentDesk: AgentDesk
    let keeper: ClusterKeeper
    let contract: ServerContract
    let spawner: Spawner
    let scheduler: Scheduler
    let grants: GrantWatch
    let housekeeper: Housekeeper
    /// Nil where the hub is no issuer for workloads.
    let workload: WorkloadRoutes?
    let renewal: TokenRenewal
    let tickets: GateTickets
    let suspension: Suspension
    let farewell: Farewell
    let credentials: Credentials
    let recheck: Recheck
    let now: @Sendable () -> Date
    private let logger: Logger

    init(
        _ configuration: HubConfiguration, database: Database, keys: KeyRing, policy: Policy,
        seen: [String: PolicyFiles.Mark] = [:],
        issuers: any LoginIssuers, fetcher: Fetcher, logger: Logger, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.configuration = configuration
        self.database = database
        self.keys = keys
        self.issuers = issuers
        self.seen = seen
        audit = AuditLog(store: database, keys: keys, keep: configuration.auditKept, logger: logger, now: now)
        self.now = now
        self.logger = logger
        let tokens = Tokens(store: database, now: now)
        let logins = Logins(
            store: database, persons: database, credentials: database, auth: configuration.auth, now: now)
        uses = ActivityLedger(tokens: database, logger: logger)
        tokenDesk = TokenDesk(
            tokens: tokens, store: database, persons: database, logins: logins, limits: configuration.auth.tokens,
            audit: audit, now: now)
        devices = DeviceDesk(store: database, persons: database, logins: logins, tokens: tokenDesk, now: now)
        gate = Gate(
            logins: logins, tokens: tokens, sessions: database,
            bearers: Bearers(issuers: issuers, persons: database, logins: logins), uses: uses,
            cookies: CookieNames(url: configuration.url), url: configuration.url)
        let vault = CredentialVault(store: database, keys: keys)
        credentials = Credentials(vault: vault, issuers: issuers, now: now, logger: logger)
        let enrolment = Enrolment(store: database, auth: configuration.auth, now: now, logger: logger)
        provider = OAuthProvider(
            sessions: database, persons: database, logins: database, codes: database, tokens: tokens, now: now)
        activity = ActivityLedger(store: database, logger: logger)
        tickets = GateTickets(secret: configuration.proxy.token, store: database, now: now)
        let feed = ProxyFeed(now: now)
        let registry = ClusterRegistry(configuration, store: database, feed: feed, logger: logger, now: now)
        self.registry = registry
        proxy = ProxyBook(
            fetcher: fetcher, proxy: configuration.proxy, store: database,
            gate: ProxyBook.GateSource(
                tickets: tickets, ended: database, login: configuration.url.origin + "/hub/gate", now: now),
            feed: feed, logger: logger, target: { session, address in registry.target(of: session, at: address) })
        let workloadKeys = WorkloadKeys(store: database, ring: keys, now: now, logger: logger)
        let own = WorkloadSource.sources(of: configuration, keys: workloadKeys, now: now)
        workload =
            own.isEmpty
            ? nil : WorkloadRoutes(keys: workloadKeys, issuer: WorkloadRoutes.issuer(of: configuration.url))
        let notebook = NotebookTokens(
            sources: IssuerSource.sources(
                of: issuers, configuration.auth.issuers, credentials: credentials, store: database, now: now) + own,
            storage: configuration.notebook.s3, persons: database, files: database, now: now,
            logger: logger)
        contract = ServerContract(
            url: configuration.url, api: configuration.api, tokens: tokens, notebook: notebook,
            glance: KernelGlance(tokens: tokens, fetcher: fetcher, entrance: configuration.proxy.listen.reachable))
        spawner = Spawner(
            clusters: configuration.clusters.map(\.access), store: database,
            contract: contract, routes: proxy, fetcher: fetcher, logger: logger,
            shelf: ClusterTokenShelf(store: database, keys: keys, logger: logger),
            title: { registry.title(of: $0) })
        renewal = TokenRenewal(
            sources: notebook.sources, files: database, sessions: database, logins: logins, pods: spawner, now: now,
            logger: logger)
        let policies = PolicyBook(policy, logger: logger, now: now) {
            Hub.reading(of: configuration, trust: registry.holds)
        }
        self.policies = policies
        scheduler = Scheduler(
            policy: { policies.current }, clusters: { registry.clusters }, store: database, persons: database,
            spawner: spawner, logger: logger, now: now,
            admitted: { [audit] session, person in
                await audit.record(SessionDesk.acts(of: session, for: person, under: policies.current))
            })
        desk = SessionDesk(
            policies: policies, registry: registry, store: database, persons: database, spawner: spawner,
            scheduler: scheduler, audit: audit, now: now, logger: logger)
        suspension = Suspension(
            persons: database, logins: database, tokens: database, ended: database, sessions: database, proxy: proxy,
            desk: desk, credentials: credentials, audit: audit, now: now, logger: logger)
        farewell = Farewell(logins: logins, tokens: database, ended: database, proxy: proxy, now: now)
        flow = LoginFlow(
            issuers: issuers, store: database, enrolment: enrolment, logins: logins,
            linking: Linking(
                store: database, users: configuration.auth.users, audit: audit, now: now, logger: logger),
            farewell: farewell, vault: vault, audit: audit, now: now, begun: LoginFlow.limit(now: now))
        recheck = Recheck(
            credentials: credentials, store: database, enrolment: enrolment, logins: logins, farewell: farewell,
            audit: audit, now: now, logger: logger)
        view = HomeView(desk: desk, issuers: configuration.auth.titles, now: now)
        grants = GrantWatch(desk: desk, persons: database, audit: audit, now: now, logger: logger)
        housekeeper = Housekeeper(
            logins: database, tokens: database, ended: database, credentials: database,
            longest: configuration.auth.session.max, audit: audit, keys: keys, files: database, clusters: database,
            sessions: database, now: now, logger: logger)
        clusterDesk = ClusterDesk(store: database, audit: audit, configuration: configuration, now: now)
        agentDesk = AgentDesk(
            registry: registry, desk: clusterDesk,
            verifier: EvidenceVerifier(store: database, issuers: issuers, persons: database, now: now),
            page: configuration.url.origin + ClaimRoutes.path, now: now, logger: logger)
        keeper = ClusterKeeper(
            registry: registry, spawner: spawner, persons: database, audit: audit,
            keep: { health, cluster, since throws(StoreError) in
                try await database.note(health: health, of: cluster, since: since)
            }, now: now, logger: logger)
        policies.follow { [scheduler] in scheduler.policyChanged() }
        registry.follow { [spawner, scheduler] change in
            policies.join(change.holds)
            await spawner.follow(change)
            await scheduler.clustersChanged()
        }
    }

    /// What has to run beside the web server, in the order of starting; it is stopped in the opposite order.
    var services: [any Service] {
        let watch = PolicyWatch(
            book: policies, directory: configuration.policy, seen: seen, configuration: configuration.source,
            logger: logger)
        return [
            audit, proxy, credentials, keeper, spawner, scheduler, activity, uses, housekeeper, renewal, recheck, watch,
            grants,
        ]
    }

    /// Every address that the hub answers at.
    func router() -> Router<HubContext> {
        let router = Router(context: HubContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestOrigins(forwarders: configuration.forwarders))
        router.add(middleware: ResponseHeaders())
        router.add(middleware: ErrorAnswers(gate: gate))
        let url = configuration.url
        RootRoutes().add(to: router)
        AssetRoutes().add(to: router)
        LoginRoutes(
            flow: flow, gate: gate, issuers: issuers, limits: configuration.auth.session
        ).add(to: router)
        AccountRoutes(
            gate: gate, flow: flow, issuers: issuers, identities: database,
            expulsion: Expulsion(
                persons: database, logins: database, credentials: credentials, farewell: farewell, recheck: recheck,
                audit: audit, labels: configuration.auth.labels, now: now),
            titles: configuration.auth.titles
        ).add(to: router)
        PersonRoutes(gate: gate, persons: database, suspension: suspension).add(to: router)
        GateRoutes(gate: gate, tickets: tickets, url: url, domain: configuration.domain).add(to: router)
        LogoutRoutes(
            gate: gate, farewell: farewell,
            departure: Departure(
                logins: gate.logins, tokens: database, vault: flow.vault, credentials: credentials, issuers: issuers,
                url: url, titles: configuration.auth.titlesByLabel, now: now),
            audit: audit
        ).add(to: router)
        IssuerLogoutRoutes(
            logout: IssuerLogout(
                issuers: issuers, logins: database, vault: flow.vault, farewell: farewell, persons: database,
                audit: audit, now: now)
        ).add(to: router)
        HomeRoutes(gate: gate, desk: desk, view: view, sessions: database, recheck: recheck).add(to: router)
        ProgressRoutes(gate: gate, desk: desk, sessions: database).add(to: router)
        OAuthRoutes(provider: provider, gate: gate, devices: devices).add(to: router)
        UserRoutes(gate: gate, persons: database, sessions: database, activity: activity, url: url, now: now)
            .add(to: router)
        TokenPageRoutes(gate: gate, desk: tokenDesk).add(to: router)
        DeviceRoutes(gate: gate, desk: devices, url: url).add(to: router)
        TokenRoutes(gate: gate, desk: tokenDesk, persons: database).add(to: router)
        ServerRoutes(
            gate: gate, desk: desk, persons: database, sessions: database, url: url, recheck: recheck
        ).add(to: router)
        PolicyRoutes(gate: gate, book: policies).add(to: router)
        MetricsRoutes(gate: gate, book: policies, sessions: database, registry: registry, keeper: keeper).add(
            to: router)
        SessionRoutes(gate: gate, desk: desk, sessions: database, url: url, recheck: recheck).add(to: router)
        workload?.add(to: router)
        StoppedRoutes(gate: gate, sessions: database).add(to: router)
        AgentRoutes(desk: agentDesk, token: configuration.proxy.token).add(to: router)
        ClusterRoutes(gate: gate, registry: registry, desk: clusterDesk, keeper: keeper).add(to: router)
        ClaimRoutes(gate: gate, registry: registry, desk: clusterDesk).add(to: router)
        InviteRoutes(gate: gate, desk: clusterDesk).add(to: router)
        ProxyRoutes(feed: proxy.feed, token: configuration.proxy.token, activity: activity, now: now).add(to: router)
        OtherMethods().add(to: router)
        return router
    }
}

extension HubConfiguration.Auth {
    /// What people read for an issuer, by its label.
    fileprivate var titlesByLabel: [String: String] {
        Dictionary(issuers.map { ($0.label, $0.title) }) { first, _ in first }
    }

    /// The issuers' labels, by their URLs.
    fileprivate var labels: [String: String] {
        Dictionary(issuers.map { ($0.issuer, $0.label) }) { first, _ in first }
    }

    /// What people read for an issuer, by its URL.
    fileprivate var titles: [String: String] {
        Dictionary(issuers.map { ($0.issuer, $0.title) }) { first, _ in first }
    }
}
