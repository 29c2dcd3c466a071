import ArgumentParser

/// `orrery logout`: revokes the token of this machine and removes it.
struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Revoke the token of this machine, and remove it.")

    @OptionGroup var option: HubOption

    @Flag(help: "Remove it here even if the hub cannot be told. Revoke it on the hub's page of tokens then.")
    var forget = false

    func run() async throws {
        var book = try LoginBook()
        let hub = try book.hub(option.url)
        if let login = try? book.login(at: hub) {
            let answer = try? await HubClient(hub).post("revoke", [("token", login.token)])
            guard answer?.status == 200 || forget else {
                throw Failure(
                    "\(hub.origin) could not be told (\(answer?.words ?? "it does not answer")), so the token is still good; "
                        + "try again, or use --forget and revoke it at \(hub.origin)/hub/token")
            }
        }
        guard try book.forget(hub) != nil else { throw Failure("you are not logged in at \(hub.origin)") }
        print("You are logged out at \(hub.origin).")
    }
}
