import ArgumentParser
import Foundation
import OrreryModel

/// `orrery whoami`: as whom the hub knows the person here, and until when.
struct WhoamiCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Show as whom you are logged in, your groups, and when the login ends.")

    @OptionGroup var option: HubOption

    func run() async throws {
        let (_, hub, login) = try option.read()
        let answer = try await HubClient(hub).user(Secret(login.token))
        switch answer.status {
        case 200: break
        case 401, 403:
            throw Failure("your login at \(hub.origin) is not good any more; run: orrery login \(hub.origin)")
        default: throw Failure("\(hub.origin) cannot say now: \(answer.words)")
        }
        let groups = answer.json["groups"]?.array?.compactMap(\.string) ?? []
        let name = answer.json["name"]?.string ?? "somebody"
        print("\(name.shown) at \(hub.origin)")
        print("groups: \(groups.isEmpty ? "none" : groups.joined(separator: ", ").shown)")
        print("until:  \(login.ends.formatted(.iso8601))")
    }
}
