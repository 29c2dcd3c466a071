import ArgumentParser
import Foundation
import OrreryHub

/// `orrery audit`: who did what.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Read the audit log: who did what, when and from where.",
        discussion: "Run it as the hub's account. It reads the database of a hub that runs, too.",
        subcommands: [List.self, Verify.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print records, the oldest first.")

        @Option(help: "Only what concerns this person, or was ordered by them.") var person: String?
        @Option(help: "Only from this moment on: 2026-11-21, 2026-11-21T08:00:00Z, or 12h for so long ago.")
        var since: String?
        @Option(help: "Only before this moment.") var until: String?
        @Option(help: "Only this act, such as login; may be repeated.") var act: [String] = []
        @Option(help: "Only so many of the last ones.") var last: UInt32?
        @Flag(help: "One JSON object per line.") var json = false
        @OptionGroup var file: ConfigurationFile

        func run() async throws {
            var question = AuditQuestion()
            (question.person, question.last) = (person, last)
            do {
                question.since = try since.map { text throws(HubError) in try AuditQuestion.instant(text, at: .now) }
                question.until = try until.map { text throws(HubError) in try AuditQuestion.instant(text, at: .now) }
                try question.ask(for: act)
            } catch {
                throw Failure("\(error)")
            }
            let asked = question
            try await file.inBackroom { try await $0.audit(asked, asJSON: json) { print($0) } }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether the log is what was written; exit status 1 if not.")

        @Option(help: "A place that was noted earlier, NUMBER:MARK, which must still be in the log.")
        var noted: String?
        @OptionGroup var file: ConfigurationFile

        func run() async throws {
            let (isSound, sentence) = try await file.inBackroom { try await $0.verifyAudit(noted: noted) }
            guard isSound else { throw Failure(sentence) }
            print(sentence)
        }
    }
}
