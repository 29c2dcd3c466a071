import ArgumentParser
import OrreryHub

/// `orrery keys`: the keys of what the database holds sealed.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Change the keys that stored secrets are sealed with.",
        discussion: "Run it as the hub's account. A hub that runs needs no restart.",
        subcommands: [List.self, Rotate.self, Retire.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say which keys there are and what needs them.")

        @OptionGroup var file: ConfigurationFile

        func run() async throws {
            for key in try await file.inBackroom({ try await $0.keyUses() }) {
                let state = key.isNewest ? "seals and opens" : key.isPresent ? "opens" : "is missing"
                print("key \(key.id)  \(state)  \(key.secrets) stored secrets\(Self.doubt(key))")
            }
        }

        private static func doubt(_ key: Backroom.KeyUse) -> String {
            guard key.isPresent, key.unopened > 0 else { return "" }
            return ", \(key.unopened) of which it does not open: it is another key of this number, or they were changed"
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a new key and seal everything that is stored with it.")

        @OptionGroup var file: ConfigurationFile

        func run() async throws {
            let (id, sealed, left) = try await file.inBackroom { try await $0.rotate() }
            print("key \(id) is the newest now; \(sealed) stored secrets were sealed with it")
            if left > 0 {
                throw Failure("\(left) stored secrets could not be opened; `orrery keys list` says whose they are")
            }
        }
    }

    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take an old key out of the key file.")

        @Argument(help: "The number of the key.") var id: UInt32
        @Flag(help: "Give up the stored secrets that need it. The hub must not run.") var lost = false
        @OptionGroup var file: ConfigurationFile

        func run() async throws {
            if lost { try await giveUpKeyFile() }
            try await file.inBackroom { try await $0.retire(id, isLost: lost) }
            print("key \(id) is retired")
        }

        private func giveUpKeyFile() async throws {
            do { try await Backroom.replaceKeyFile(of: file.read(), givingUp: id) } catch { throw Failure("\(error)") }
        }
    }
}
