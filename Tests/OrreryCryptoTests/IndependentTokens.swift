import Foundation
import OrreryModel
import Testing

@testable import OrreryCrypto

/// Tokens and key sets, good and bad, that Python's joserfc and cryptography make anew for each run
/// (`Tests/Tokens/made_tokens.py`), so that no code of ours has a part in them. Tests that need them are skipped where
/// those packages are not; `Tests/run` installs them.
enum IndependentTokens {
    struct Row: Codable, Sendable, CustomTestStringConvertible {
        /// The id of the rule that it is about.
        let rule: String
        let name: String
        let text: String
        let kind: TokenKind
        /// The key set to look at, by name.
        let keys: String
        /// `claims` when it is to be believed, otherwise what kind of error, or how the reason begins.
        let verdict: String

        var testDescription: String { "\(rule) \(name), \(kind): \(verdict)" }
    }

    private struct Made: Codable {
        let now: Int64
        let sets: [String: String]
        let rows: [Row]
    }

    private static let folder = URL(filePath: #filePath).resolvingSymlinksInPath().appending(path: "../../Tokens")
        .standardized

    /// The interpreter that `Tests/run` sets up, or the one that `ORRERY_TEST_PYTHON` names.
    private static let python: String? = {
        let path =
            ProcessInfo.processInfo.environment["ORRERY_TEST_PYTHON"]
            ?? folder.appending(path: "../../.build/test-tools/bin/python").standardized.path
        guard FileManager.default.isExecutableFile(atPath: path) else { return nil }
        return Program([path, "-c", "import joserfc, cryptography"]).wait() == 0 ? path : nil
    }()

    private static let made: Made? = python.map { python in
        let program = Program([python, "-B", folder.appending(path: "made_tokens.py").path])
        let status = program.wait()
        precondition(status == 0, "Tests/Tokens/made_tokens.py failed; run it by hand to see why")
        guard let made = try? JSONDecoder().decode(Made.self, from: Data(program.output)) else {
            preconditionFailure("Tests/Tokens/made_tokens.py did not print what we read")
        }
        return made
    }

    static var arePossible: Bool { python != nil }
    /// The time at which their claims are to be judged.
    static var now: Date { Date(timeIntervalSince1970: TimeInterval(made?.now ?? 0)) }

    static func rows(_ rule: String) -> [Row] { made?.rows.filter { $0.rule == rule } ?? [] }

    static func keySet(_ name: String) -> [UInt8] { Array((made?.sets[name] ?? "").utf8) }
}
