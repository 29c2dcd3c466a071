import ArgumentParser

/// `orrery token`: the token itself, for scripts.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print the token of this machine, for scripts.",
        discussion:
            "Hand it on by standard input or a file, not as an argument: every user of a machine sees arguments.")

    @OptionGroup var option: HubOption

    func run() async throws {
        let (_, _, login) = try option.read()
        print(login.token)
    }
}
