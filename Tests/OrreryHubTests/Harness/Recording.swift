import Foundation
import OrreryModel

/// The answers of a JupyterHub 6.1.1, as they were recorded: a line with method, path and body, and below it
/// `[status] ct=type  body`.
enum Recording {
    struct Answer: Sendable, CustomStringConvertible {
        let request: String
        let body: String
        let status: Int
        let json: JSON?

        var description: String { "\(request) \(body)" }
    }

    static var isPresent: Bool { FileManager.default.fileExists(atPath: file) }

    static var activity: [Answer] { answers.filter { $0.request == "POST /users/alice/activity" } }

    /// The first recorded answer to `request`, of that status if one is given.
    static func answer(to request: String, status: Int? = nil) throws -> Answer {
        let fitting = answers.first { $0.request == request && (status == nil || $0.status == status) }
        guard let fitting else { throw CocoaError(.fileReadUnknown) }
        return fitting
    }

    private static var file: String {
        let shared =
            ProcessInfo.processInfo.environment["ORRERY_SHARED"]
            ?? URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../../shared").standardized.path
        return shared + "/research/jupyterhub-golden-rest.txt"
    }

    private static let answers: [Answer] = {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return [] }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return zip(lines, lines.dropFirst()).compactMap { request, answer in
            guard let match = answer.wholeMatch(of: /\ {3}\[(\d+)\] ct=\S+  (.*)/)?.output, let status = Int(match.1)
            else {
                return nil
            }
            let parts = request.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            return Answer(
                request: parts.prefix(2).joined(separator: " "), body: parts.count == 3 ? String(parts[2]) : "",
                status: status, json: try? JSONDecoder().decode(JSON.self, from: Data(match.2.utf8)))
        }
    }()
}
