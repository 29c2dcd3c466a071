package import Logging
import OrreryDocument
import ServiceLifecycle
import Synchronization

/// Has the site's policy as it is now. Its file is looked at every ten seconds, since the kubelet exchanges a mounted ConfigMap in
/// place; one that cannot be read leaves the last good one, and is told in the log once. Before there is a good one nothing starts.
///
/// Concurrency: any task may ask; `run` belongs to one.
package final class SitePolicyKeeper: Service {
    private struct State {
        var policy: SitePolicy
        var text: String?
        var complaint: String?
    }

    private let file: String?
    private let pause: @Sendable () async throws -> Void
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads `file` at once; without one the site allows what needs no word of its own.
    package convenience init(file: String?, logger: Logger) {
        self.init(file: file, logger: logger) { try await Task.sleep(for: .seconds(10)) }
    }

    /// Looks again after each `pause`, until one throws.
    init(file: String?, logger: Logger, pause: @escaping @Sendable () async throws -> Void) {
        self.file = file
        self.pause = pause
        self.logger = logger
        state = Mutex(State(policy: file == nil ? SitePolicy() : .unread("it was not looked for yet")))
        look()
    }

    /// What the site allows at this moment.
    package var current: SitePolicy { state.withLock { $0.policy } }

    /// Whether there is a file: without one it is the policy of a site that has said nothing.
    var hasFile: Bool { file != nil }

    /// What is wrong with the file as it is now; nil when nothing is.
    package var complaint: String? { state.withLock { $0.complaint } }

    package func run() async throws {
        while (try? await pause()) != nil { look() }
    }

    private func look() {
        guard let file else { return }
        do throws(DocumentError) {
            let text = try DocumentNode.text(ofFile: file)
            guard state.withLock({ $0.text != text || $0.complaint != nil }) else { return }
            let policy = try SitePolicy(try DocumentNode.parse(text, file: file))
            let isNews = state.withLock { state in
                defer { state = State(policy: policy, text: text) }
                return state.text != text
            }
            if isNews { logger.notice("the site's policy was read", metadata: ["file": "\(file)"]) }
        } catch {
            keepOld(because: "\(error)")
        }
    }

    private func keepOld(because reason: String) {
        let (isNews, hasOld) = state.withLock { state in
            defer { state.complaint = reason }
            if state.text == nil { state.policy = .unread(reason) }
            return (state.complaint != reason, state.text != nil)
        }
        guard isNews else { return }
        let consequence = hasOld ? "the last good one counts" : "no session starts"
        logger.error("the site's policy cannot be read; \(consequence)", metadata: ["error": "\(reason)"])
    }
}
