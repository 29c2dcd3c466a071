import HTTPTypes
import Hummingbird
import OrreryModel
import OrreryStore

/// `/hub/device`, where a person lets a program in, and the address where the program begins. It asks at
/// `/hub/api/oauth2/token`; see `OAuthRoutes`.
struct DeviceRoutes: Sendable {
    let gate: Gate
    let desk: DeviceDesk
    let url: PublicURL

    static let path = "/hub/device"

    func add(to router: Router<HubContext>) {
        router.post("hub/api/oauth2/device_authorization", use: begin)
        router.get("hub/device", use: show)
        router.post("hub/device", use: decide)
    }

    /// RFC 8628 3.1 and 3.2.
    @Sendable func begin(_ request: Request, _ context: HubContext) async throws -> Response {
        let form = try await request.form()
        guard form["client_id"] == DeviceDesk.client else { return try refuse("invalid_client", status: .unauthorized) }
        guard let rights = Self.rights(form["scope"] ?? "") else { return try refuse("invalid_scope") }
        let start = try await desk.begin(
            rights: rights.isEmpty ? DeviceDesk.usualRights : rights, host: Self.host(form["host"]),
            from: context.client)
        let code = start.userCode.text
        var response = try Response.json([
            "device_code": .string(start.deviceCode.reveal()), "user_code": .string(code),
            "verification_uri": .string(url.origin + Self.path),
            "verification_uri_complete": .string("\(url.origin)\(Self.path)?user_code=\(code)"),
            "expires_in": .integer(DeviceDesk.patience.components.seconds), "interval": .integer(DeviceDesk.pause),
        ])
        response.headers[.cacheControl] = "no-store"
        return response
    }

    @Sendable func show(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: request.target) }
        let speaker = try await desk.tokens.speaker(for: visitor.person)
        guard let typed = request.fields["user_code"], !typed.isEmpty else {
            return .page(DevicePage(frame: Frame(visitor)).html())
        }
        do {
            let (code, device) = try await desk.waiting(typed, for: visitor)
            return .page(DevicePage(frame: Frame(visitor), request: view(device, code, for: speaker)).html())
        } catch let error as HubError where error.kind == .notFound {
            let notice = Notice(kind: .failure, text: error.message, next: error.next)
            return .page(
                DevicePage(frame: Frame(visitor), notices: [notice], code: typed).html(), status: .notFound)
        }
    }

    @Sendable func decide(_ request: Request, _ context: HubContext) async throws -> Response {
        let form = try await request.form()
        guard let visitor = try await gate.visitor(request, sending: form) else {
            return gate.login(returningTo: Self.path)
        }
        _ = try await desk.tokens.speaker(for: visitor.person)
        let (_, device) = try await desk.waiting(form["code"] ?? "", for: visitor)
        guard let answer = form["answer"], ["allow", "deny"].contains(answer) else {
            throw HubError(.badRequest, "this form is damaged: it says neither yes nor no", next: "open the page again")
        }
        try await desk.decide(answer == "allow" ? .allowed : .denied, about: device, by: visitor)
        let outcome =
            answer == "allow"
            ? Notice(
                kind: .success, text: "the program on \(device.host) gets its token within a few seconds",
                next: "you can close this page")
            : Notice(kind: .information, text: "the program gets nothing", next: "you can close this page")
        return .page(DevicePage(frame: Frame(visitor), outcome: outcome).html())
    }

    private func view(_ device: DeviceRecord, _ code: UserCode, for speaker: PersonRecord) -> DeviceView {
        let rights = RightChoices(person: speaker).asked(device.rights)
        return DeviceView(
            code: code.text, host: device.host, address: device.address, since: Moment(device.createdAt),
            life: TokenLife.words(desk.tokens.limits.usual), rights: rights)
    }

    private func refuse(_ error: String, status: HTTPResponse.Status = .badRequest) throws -> Response {
        var response = try Response.json(["error": .string(error)], status: status)
        response.headers[.cacheControl] = "no-store"
        return response
    }

    /// Each once, however often it is said: what is stored is no longer than the table of rights. Nil when one is not in it.
    private static func rights(_ scope: String) -> [String]? {
        let words = scope.split(separator: " ").map(String.init)
        // First: there are as many different words as somebody cares to send, but few rights.
        guard words.allSatisfy({ Scope.named($0) != nil }) else { return nil }
        return words.reduce(into: []) { rights, right in
            if !rights.contains(right) { rights.append(right) }
        }
    }

    /// What a program says about its machine, as far as it can be the name of one.
    private static func host(_ text: String?) -> String {
        let letters = (text ?? "").utf8.filter { byte in
            let character = Character(UnicodeScalar(byte))
            return character.isASCII && (character.isLetter || character.isNumber || ".-_".contains(character))
        }
        return letters.isEmpty ? "a machine without a name" : String(decoding: letters.prefix(64), as: UTF8.self)
    }
}
