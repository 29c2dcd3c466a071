import ArgumentParser

/// The option of every command that speaks to a hub at which somebody is logged in.
struct HubOption: ParsableArguments {
    @Option(name: .customLong("hub"), help: "The hub's address; the one of the last login if it is not given.")
    var url: String?

    /// Which hub is meant, the login there, and where it is kept.
    func read() throws -> (book: LoginBook, hub: HubAddress, login: LoginBook.Login) {
        let book = try LoginBook()
        let hub = try book.hub(url)
        return (book, hub, try book.login(at: hub))
    }
}
