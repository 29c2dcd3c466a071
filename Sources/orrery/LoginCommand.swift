import ArgumentParser
import Foundation
import OrreryFetch
import OrreryModel

/// `orrery login`: gets a token for this machine, which the person allows in a browser (RFC 8628).
struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Log in at a hub, so that programs on this machine can speak for you.",
        discussion:
            "Shows an address and a code. Open the address in a browser, on any machine, and let this program in there."
    )

    @Argument(help: "The hub's address, such as https://hub.example.org.")
    var url: String

    @Option(
        name: .customLong("scope"), parsing: .upToNextOption,
        help: "Rights that the token shall have for what is yours; servers and read:users if it is not given.")
    var scopes: [String] = []

    func run() async throws {
        let hub = try HubAddress(url)
        var book = try LoginBook()
        try book.prepare()
        let client = HubClient(hub)
        let login = try await Self.login(at: client, scopes)
        do {
            if let earlier = try book.keep(login, at: hub) { await Self.revoke(earlier, at: client) }
        } catch {
            await Self.revoke(login, at: client)
            throw error
        }
        let user = try await client.user(Secret(login.token))
        guard user.status == 200, let name = user.json["name"]?.string else {
            throw Failure("\(hub.origin) gave a token and does not take it: \(user.words)")
        }
        print("You are logged in at \(hub.origin) as \(name.shown).")
    }

    /// A token that nobody has would go on unseen until it ends. That it may have ended already is no reason to fail.
    private static func revoke(_ login: LoginBook.Login, at client: HubClient) async {
        _ = try? await client.post("revoke", [("token", login.token)])
    }

    private static func login(at client: HubClient, _ scopes: [String]) async throws -> LoginBook.Login {
        let fields = [(name: "client_id", value: "orrery"), ("host", ProcessInfo.processInfo.hostName)]
        let scope = scopes.isEmpty ? [] : [(name: "scope", value: scopes.joined(separator: " "))]
        let begun = try await client.post("device_authorization", fields + scope)
        guard begun.status == 200, let device = begun.json["device_code"]?.string,
            let code = begun.json["user_code"]?.string, let page = begun.json["verification_uri"]?.string
        else { throw Failure("\(client.hub.origin) does not let programs in: \(begun.words)") }
        tell(code.shown, page.shown, (begun.json["verification_uri_complete"]?.string ?? page).shown)
        var polling = DevicePolling(
            interval: begun.json["interval"]?.integer, lasting: begun.json["expires_in"]?.integer ?? 600)
        var action = polling.begin()
        while case .wait(let pause) = action {
            try await Task.sleep(for: pause)
            if let login = try await ask(client, device, &polling, &action) { return login }
        }
        guard case .end(let reason) = action else { throw Failure("the login ended") }
        throw Failure(reason)
    }

    private static func ask(
        _ client: HubClient, _ device: String, _ polling: inout DevicePolling, _ action: inout DevicePolling.Action
    ) async throws -> LoginBook.Login? {
        let fields = [
            (name: "grant_type", value: "urn:ietf:params:oauth:grant-type:device_code"), ("client_id", "orrery"),
            ("device_code", device),
        ]
        guard let answer = try? await client.post("token", fields), answer.status < 500 else {
            action = polling.lost()
            return nil
        }
        guard answer.status == 200, let token = answer.json["access_token"]?.string else {
            action = polling.refused(
                answer.json["error"]?.string?.shown ?? answer.words,
                because: answer.json["error_description"]?.string?.shown)
            return nil
        }
        guard let login = LoginBook.Login(token: token, lasting: answer.json["expires_in"]?.integer ?? 0) else {
            throw Failure("\(client.hub.origin) gave a token that cannot be used; tell its operator")
        }
        return login
    }

    private static func tell(_ code: String, _ page: String, _ link: String) {
        let words = """
            Open this address in a browser, on any machine:

                \(link)

            and let this program in if the page shows the code

                \(code)

            (or type the code at \(page)). Waiting …

            """
        FileHandle.standardError.write(Data(words.utf8))
    }
}
