import Foundation
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore

/// Turns what policy, clusters and store say about a person into the words of the home page.
struct HomeView: Sendable {
    let desk: SessionDesk
    let issuers: [String: String]
    let now: @Sendable () -> Date

    private var policy: Policy { desk.policy }

    /// The page for `visitor`. `next` is where they want to be once something runs.
    func page(
        for visitor: Visitor, live: [SessionRecord], last: SessionRecord?, notices: [Notice], next: ReturnPath?
    ) async throws -> HomePage {
        let person = visitor.person.person
        let offers = policy.profiles(for: person)
        let saved = policy.refresh((live.last ?? last).map { SessionChoice(of: $0) } ?? SessionChoice(), for: person)
        let open =
            (offers.first { $0.isAllowed && saved.choice.profile?.isExactly($0.profile.name) ?? $0.profile.isDefault }
            ?? offers.first(where: \.isAllowed))?.profile
        var cards: [ProfileCard] = []
        for offer in offers where offer.isAllowed {
            let choice = SessionChoice(profile: offer.profile.name)
            let request = try await desk.request(choice, for: visitor.person, running: live)
            let placement = try await desk.scheduler.look(request)
            let card = profile(offer, placement, for: person, isOpen: offer.profile == open)
            cards.append(card.choosing(saved.choice))
        }
        var sessions: [SessionCard] = []
        for session in live {
            sessions.append(card(session, await desk.scheduler.queuePlace(of: session.id), of: person))
        }
        return HomePage(
            frame: Frame(visitor),
            person: PersonView(
                name: person.name, issuer: issuers[person.identity.issuer] ?? person.identity.issuer,
                groups: person.groups.map(\.name).sorted(), uid: person.uid.map { "\($0)" }),
            notices: notices + operatorNotices(visitor) + (Notice(stale: saved.stale).map { [$0] } ?? [])
                + live.compactMap(warning) + (live.isEmpty ? ended(last) : []), sessions: sessions,
            profiles: cards,
            withheld: offers.compactMap(\.refusal).map { RefusalView($0) },
            startAction: "/hub/start" + (next.map { "?" + FormFields.encode([("next", $0.text)]) } ?? ""),
            mustName: live.contains { $0.server.isEmpty })
    }

    private func operatorNotices(_ visitor: Visitor) -> [Notice] {
        visitor.person.isAdmin ? desk.policies.standing.notice.map { [$0] } ?? [] : []
    }

    /// What will end a session soon.
    private func warning(of session: SessionRecord) -> Notice? {
        let name = session.server.isEmpty ? "Your session" : "Your session \(session.server)"
        return desk.spawner.warning(of: session.id).map { warning in
            Notice(kind: .warning, text: "\(name) on \(desk.title(of: session.cluster)): \(warning.withoutFullStop)")
        }
    }

    private func card(_ session: SessionRecord, _ place: QueuePlace?, of person: Person) -> SessionCard {
        let isOutdated = session.state == .ready && desk.isOutdated(session, for: person)
        let isStopping = session.state == .stopping
        return SessionCard(
            server: session.server.isEmpty ? nil : session.server,
            profile: policy.profile(named: session.profile)?.title ?? session.profile,
            environment: session.plan.environment.title, size: session.size,
            cluster: session.isWaiting ? "in the queue" : desk.title(of: session.cluster),
            state: StateView(session.state), since: Moment(session.readyAt ?? session.createdAt),
            message: place?.sentence ?? (session.message.isEmpty ? nil : session.message),
            openHref: session.state == .ready || session.state == .unreachable ? session.prefix : nil,
            progressHref: session.state.isPending ? "/hub/progress/\(session.id)" : nil,
            restartAction: isOutdated ? "/hub/restart/\(session.id)" : nil,
            stopAction: isStopping ? nil : "/hub/stop/\(session.id)")
    }

    /// How the last session ended, unless the person ended it.
    private func ended(_ session: SessionRecord?) -> [Notice] {
        guard let session, let reason = session.endReason, !session.wasStoppedByItsPerson, reason != .finished,
            let end = session.endedAt, now().timeIntervalSince(end) < 86400
        else { return [] }
        let title = reason == .failedToStart ? "Your last session did not start" : "Your last session ended"
        return [Notice(kind: .warning, text: "\(title): \(session.message.headline)")]
    }

    private func profile(
        _ offer: ProfileOffer, _ placement: Placement, for person: Person, isOpen: Bool
    ) -> ProfileCard {
        let place = PlaceView(placement)
        let clusters = desk.clusters.filter(\.isShown).map { cluster($0, placement, offer: offer, person: person) }
        return ProfileCard(
            name: offer.profile.name, title: offer.profile.title, description: offer.profile.description,
            isOpen: isOpen,
            environments: offer.environments.enumerated().map { index, environment in
                Choice(value: environment.name, title: environment.title, isSelected: index == 0)
            },
            sizes: offer.sizes.enumerated().map { index, size in
                Choice(value: size.name, title: size.name, detail: size.words, isSelected: index == 0)
            }
                + offer.refusedSizes.map { refusal in
                    let name = String(refusal.what.dropFirst("size ".count))
                    return Choice(
                        value: name, title: name, detail: policy.sizes[name]?.words,
                        refusal: RefusalView(refusal).sentence)
                },
            options: offer.profile.options.map { OptionView($0) },
            clusters: clusters, place: place,
            startRefusal: place == nil ? "It cannot be started on any cluster now" : nil)
    }

    private func cluster(
        _ cluster: HubConfiguration.Cluster, _ placement: Placement, offer: ProfileOffer, person: Person
    ) -> ClusterChoice {
        let decision = policy.mounts(for: person, on: cluster.name, at: now(), offering: offer.profile.filesets)
        let condition = ConditionWords(desk.spawner.condition(of: cluster.name))
        let verdict = placement.verdict(on: cluster.name)
        let words = condition.beside(verdict.flatMap { refusal($0, placement) })
        return ClusterChoice(
            value: cluster.name, title: cluster.title, condition: condition.view, conditionText: words.text,
            isSelected: placement.isPlaced(on: cluster.name),
            refusal: words.refusal, score: verdict?.fullness,
            mounts: decision.mounts.map {
                MountView(
                    path: $0.path, isReadOnly: $0.isReadOnly, fileset: $0.fileset, isHome: $0.path == decision.home)
            },
            refusals: decision.refusals.map { RefusalView($0) })
    }

    /// Why this profile cannot run there for this person, whatever they choose in it. Where only room is missing they may
    /// wait for it.
    private func refusal(_ verdict: ClusterVerdict, _ placement: Placement) -> String? {
        if placement.isHopeless || placement.quota != nil, case .refused(let refusals) = placement.outcome {
            return refusals.map { RefusalView($0).sentence }.joined(separator: "; ")
        }
        let lasting = verdict.objections.filter { ![.capacity, .unseen].contains($0.filter) }.map(\.refusal)
        return lasting.isEmpty ? nil : lasting.map { RefusalView($0).sentence }.joined(separator: "; ")
    }
}

extension OptionView {
    /// The option with its first choice chosen.
    init(_ option: Profile.Option) {
        self.init(
            name: option.name, title: option.title,
            choices: option.choices.enumerated().map { index, choice in
                Choice(value: choice.name, title: choice.title, isSelected: index == 0)
            })
    }
}
