import HTTPTypes
import Hummingbird
import OrreryModel
import OrreryStore

/// `/hub/token`: where people see, make and revoke the tokens of their programs.
struct TokenPageRoutes: Sendable {
    let gate: Gate
    let desk: TokenDesk

    static let path = "/hub/token"

    func add(to router: Router<HubContext>) {
        router.get("hub/token", use: show)
        router.post("hub/token", use: make)
        router.post("hub/token/:id/revoke", use: revoke)
    }

    @Sendable func show(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: Self.path) }
        return .page(try await page(for: visitor).html())
    }

    /// Answers with the page that has the new token, and never leads anywhere: what is shown once is in no address.
    @Sendable func make(_ request: Request, _ context: HubContext) async throws -> Response {
        let form = try await request.form()
        guard let visitor = try await gate.visitor(request, sending: form) else {
            return gate.login(returningTo: Self.path)
        }
        do {
            let scopes = RightChoices(person: try await desk.speaker(for: visitor.person)).chosen(in: form)
            guard !scopes.isEmpty else {
                throw HubError(.badRequest, "a token without rights opens nothing", next: "choose at least one")
            }
            let life = form["life"].flatMap { Int64($0) }.map { Duration.seconds($0) }
            let wish = try TokenWish(note: form["note"] ?? "", life: life, scopes: scopes)
            let made = try await desk.make(wish, by: Caller(visitor: visitor))
            let shown = MadeToken(note: wish.note, text: made.secret.reveal())
            return .page(try await page(for: visitor, made: shown).html())
        } catch {
            // The person is looking at the form already.
            let error = HubError(any: error)
            guard [.badRequest, .conflict].contains(error.kind) else { throw error }
            let notice = Notice(kind: .failure, text: error.message, next: error.next)
            return .page(
                try await page(for: visitor, notices: [notice]).html(), status: .init(code: error.kind.rawValue))
        }
    }

    @Sendable func revoke(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request, sending: try await request.form()) else {
            return gate.login(returningTo: Self.path)
        }
        try await desk.revoke(context.name("id"), of: visitor.person)
        return .redirect(to: Self.path)
    }

    private func page(
        for visitor: Visitor, notices: [Notice] = [], made: MadeToken? = nil
    ) async throws -> TokenPage {
        var refusal: String?
        var rights: RightChoices?
        do {
            rights = RightChoices(person: try await desk.speaker(for: visitor.person))
        } catch let error as HubError where error.kind == .forbidden {
            refusal = error.message
        }
        let tokens = try await desk.all(of: visitor.person).filter { $0.kind == .personal }.map { token in
            TokenView(
                note: token.note, rights: token.scopes, made: Moment(token.createdAt),
                used: token.lastUsed.map { Moment($0) }, ends: token.expiresAt.map { Moment($0) },
                revokeAction: "\(Self.path)/\(token.id)/revoke")
        }
        return TokenPage(
            frame: Frame(visitor), notices: notices, made: made, tokens: tokens, rights: rights?.own() ?? [],
            operatorRights: rights?.everybodys() ?? [], makeRefusal: refusal, lives: TokenLife.choices(desk.limits))
    }
}

/// How long a token may live, in words.
enum TokenLife {
    /// Some lives up to the longest, the usual one chosen.
    static func choices(_ limits: HubConfiguration.TokenLimits) -> [Choice] {
        let usual = limits.usual.components.seconds
        let longest = limits.max.components.seconds
        let lives: [Int64] = days.map { $0 * 86400 } + [3600, usual, longest]
        return Set(lives.filter { $0 <= longest }).sorted().map { seconds in
            Choice(value: "\(seconds)", title: words(.seconds(seconds)), isSelected: seconds == usual)
        }
    }

    private static let days: [Int64] = [1, 7, 30, 90, 365]

    /// "30 days", "2 hours": in the largest unit that fits exactly.
    static func words(_ life: Duration) -> String {
        let seconds = life.components.seconds
        let units: [(Int64, String)] = [(86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")]
        let (size, unit) = units.first { seconds % $0.0 == 0 && seconds >= $0.0 } ?? (1, "second")
        return seconds == size ? "1 \(unit)" : "\(seconds / size) \(unit)s"
    }
}
