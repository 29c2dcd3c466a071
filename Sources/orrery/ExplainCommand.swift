import ArgumentParser
import Foundation
import OrreryHub
import OrreryModel

/// `orrery explain`: what somebody would get, and why, without starting it.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what somebody would get who asks for a session, and why.",
        discussion: """
            Of somebody whom the hub knows it reads the groups from the hub's database, so it has to run as the hub's \
            account; with --groups the person is made up. The exit status is 1 if the session would not start.
            """)

    @Argument(help: "The person's name.") var person: String
    @Option(help: "The profile; without it the default one.") var profile: String?
    @Option(help: "Only this cluster.") var cluster: String?
    @Option(help: "The environment; without it the profile's first.") var environment: String?
    @Option(help: "The size; without it the first that the person may take.") var size: String?
    @Option(help: "A choice as NAME=CHOICE; may be repeated.") var option: [String] = []
    @Option(help: "As if it were this moment: 2027-07-01 or 2027-07-01T08:00:00Z.") var at: String?
    @Option(help: "Somebody made up, in these groups: developers,project:photoz. Empty for none.") var groups: String?
    @Option(help: "The uid of somebody made up.") var uid: UInt32 = 1000
    @Option(help: "The gid of somebody made up.") var gid: UInt32 = 1000
    @OptionGroup var file: ConfigurationFile

    func run() async throws {
        let configuration = try file.read()
        do {
            let now = try at.map { text throws(HubError) in try AuditQuestion.instant(text, at: .now) } ?? .now
            let explanation = try await Explanation(
                Explanation.Question(subject, try choice, at: now), configuration)
            print(explanation.lines.joined(separator: "\n"))
            guard explanation.isPossible else { throw ExitCode.failure }
        } catch let code as ExitCode {
            throw code
        } catch {
            throw Failure("\(error)")
        }
    }

    private var subject: Explanation.Subject {
        guard let groups else { return .known(person) }
        return .madeUp(person, groups: groups.split(separator: ",").map(String.init), uid: uid, gid: gid)
    }

    private var choice: SessionChoice {
        get throws {
            var options: [String: String] = [:]
            for text in option {
                let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { throw Failure("an option is written NAME=CHOICE, not `\(text)`") }
                options[parts[0]] = parts[1]
            }
            return SessionChoice(
                profile: profile, environment: environment, size: size, options: options, cluster: cluster)
        }
    }
}
