import HTTPTypes
import Hummingbird
import Logging
import OrreryIdentity
import OrreryModel
import OrreryStore

/// Where a person sees which identities open the own account, links another one, and unlinks one.
struct AccountRoutes: Sendable {
    let gate: Gate
    let flow: LoginFlow
    let issuers: any LoginIssuers
    let identities: any IdentityStore
    let expulsion: Expulsion
    /// What people read for an issuer, by its URL.
    let titles: [String: String]

    static let page = ReturnPath(known: "/hub/account")

    func add(to router: Router<HubContext>) {
        router.get("hub/account", use: show)
        router.post("hub/account/link/:issuer", use: link)
        router.post("hub/account/unlink", use: unlink)
    }

    @Sendable func show(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: Self.page.text) }
        let person = visitor.person
        let known = try await identities.identities(person: person.id).map { identity in
            IdentityView(
                issuer: titles[identity.issuer] ?? identity.issuer, url: identity.issuer, subject: identity.subject,
                isFirst: identity == person.person.identity)
        }
        let choices = await issuers.choices().map { issuer in
            LoginChoice(
                title: issuer.title, href: issuer.refusal == nil ? "/hub/account/link/\(issuer.label)" : nil,
                unavailable: issuer.refusal?.withoutFullStop)
        }
        return .page(
            AccountPage(frame: Frame(visitor), name: person.person.name, identities: known, issuers: choices).html())
    }

    /// Sends the browser to the issuer whose identity shall be linked.
    @Sendable func link(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request, sending: try await request.form()) else {
            return gate.login(returningTo: Self.page.text)
        }
        let browser = LoginRoutes.browser(of: request, gate.cookies)
        let label = try context.name("issuer")
        let url = try await flow.begin(
            at: label, browser: browser, from: context.client, next: Self.page, linkingTo: visitor)
        let title = await issuers.choices().first { $0.label == label }?.title ?? label
        return Response.page(OnwardPage(frame: Frame(visitor), title: title, href: url).html(), goingOnTo: url)
            .setting(cookies: [gate.cookies.setBrowser(browser, lasting: LoginFlow.patience)])
    }

    @Sendable func unlink(_ request: Request, _ context: HubContext) async throws -> Response {
        let form = try await request.form()
        guard let visitor = try await gate.visitor(request, sending: form) else {
            return gate.login(returningTo: Self.page.text)
        }
        let identity = Identity(issuer: form["issuer"] ?? "", subject: form["subject"] ?? "")
        try await expulsion.expel(identity, from: visitor.person)
        context.logger.notice(
            "identity unlinked",
            metadata: ["person": "\(visitor.person.person.name)", "issuer": "\(identity.issuer)"])
        return .redirect(to: Self.page.text)
    }
}
