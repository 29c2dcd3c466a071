import Foundation
import Logging
import OrreryKubernetes
import OrreryModel
import OrrerySpawn
import OrreryStore
import ServiceLifecycle
import Synchronization

/// Renews the tokens in the pods of all live sessions before 75 % of their life is over.
///
/// What is due stands in the store, so a hub that starts anew goes on where the last one was. Every source has a lane of its own to
/// every cluster: an issuer or a cluster that does not answer keeps only its own files waiting. A token in a pod is replaced by a
/// better one and by nothing else; each renewal is one call to the cluster.
///
/// Concurrency: `run` belongs to one task; each renewal is a child of it.
struct TokenRenewal: Service {
    let sources: [any NotebookSource]
    let files: any TokenFileStore
    let sessions: any SessionStore
    let logins: Logins
    let pods: any TokenDirectories
    let now: @Sendable () -> Date
    let logger: Logger
    private let lanes = Lanes()

    /// Renewals of one source on one cluster at the same time.
    private static let width = 16
    /// After failures in a row: ten seconds, twenty, and so on up to five minutes.
    private static let backoff = (first: 10.0, most: 300.0)
    /// How long one attempt may take.
    private static let patience = Duration.seconds(60)

    init(
        sources: [any NotebookSource], files: any TokenFileStore, sessions: any SessionStore, logins: Logins,
        pods: any TokenDirectories, now: @escaping @Sendable () -> Date, logger: Logger
    ) {
        self.sources = sources
        self.files = files
        self.sessions = sessions
        self.logins = logins
        self.pods = pods
        self.now = now
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                repeat { await self.begin(in: &group) } while (try? await Task.sleep(for: .seconds(1))) != nil
            }
        }
    }

    /// Renews what is due now, once, and returns when that is done.
    func sweep() async {
        await withDiscardingTaskGroup { group in await begin(in: &group) }
    }

    private func begin(in group: inout DiscardingTaskGroup) async {
        for source in sources {
            for file in await take(of: source) {
                group.addTask {
                    await self.renew(file, from: source)
                    self.lanes.leave(file)
                }
            }
        }
    }

    /// What of the source is due and not under way yet, as far as its lanes have room.
    private func take(of source: any NotebookSource) async -> [TokenFileRecord] {
        do {
            let due = try await files.dueTokenFiles(of: source.name, at: now(), onEachCluster: Self.width)
            return due.filter { lanes.enter($0) }
        } catch {
            // The next look is a second away.
            logger.debug("due tokens cannot be read", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func renew(_ file: TokenFileRecord, from source: any NotebookSource) async {
        var next = file
        do {
            let end = try await deliver(file, from: source)
            next.endsAt = end.end
            next.dueAt = end.renewal(at: now(), draw: .random(in: 0...1))
            next.failures = 0
            if file.failures > 0 { log("tokens of a session are renewed again", .notice, file) }
        } catch is Unwanted {
            next.dueAt = now() + Self.backoff.most
        } catch {
            // A hub that stops has not failed: the file stays due for the one that starts next.
            if Task.isCancelled { return }
            next.failures += 1
            next.dueAt = now() + Self.wait(after: next.failures)
            let level: Logger.Level = file.failures == 0 ? .warning : .debug
            log("a session's token was not renewed; the old one stays", level, file, "\(TokenTrouble(error))")
        }
        do { try await files.put(next) } catch {
            log("a renewal cannot be recorded and is done again", .warning, file, "\(error)")
        }
    }

    /// Nobody is to have the token any more.
    private struct Unwanted: Error {}

    private func deliver(_ file: TokenFileRecord, from source: any NotebookSource) async throws -> NotebookToken {
        guard let session = try await sessions.session(id: file.session), session.state != .ended,
            let person = try await logins.persons.person(id: file.person), logins.admits(person)
        else { throw Unwanted() }
        let token = try await within(Self.patience) {
            try await source.token(for: session, of: person, endingAfter: file.endsAt)
        }
        guard token.end > file.endsAt ?? now() else { throw Stale() }
        // The person may have been suspended while the issuer was asked.
        guard let person = try await logins.persons.person(id: file.person), logins.admits(person) else {
            throw Unwanted()
        }
        try await pods.put(
            NotebookTokens.content(token.token, of: file, from: source, in: session), intoTokensOf: session)
        return token
    }

    /// The issuer gives what the pod has already.
    private struct Stale: Error, CustomStringConvertible {
        var description: String { "no token is given that ends later than the one in the pod" }
    }

    static func wait(after failures: Int) -> TimeInterval {
        let full = min(backoff.first * Double(1 << min(failures - 1, 10)), backoff.most)
        return full * .random(in: 0.75...1)
    }

    private func log(_ message: Logger.Message, _ level: Logger.Level, _ file: TokenFileRecord, _ reason: String? = nil)
    {
        var facts: Logger.Metadata = ["session": "\(file.session)", "source": "\(file.source)"]
        if let reason { facts["reason"] = "\(reason)" }
        logger.log(level: level, message, metadata: facts)
    }
}

/// Where tokens reach pods.
protocol TokenDirectories: Sendable {
    func put(_ files: [String: Secret], intoTokensOf session: SessionRecord) async throws(KubernetesError)
}

extension Spawner: TokenDirectories {}

/// Which files are being renewed right now.
private final class Lanes: Sendable {
    private struct Place: Hashable {
        let session: String
        let source: String
    }

    private let busy = Mutex<Set<Place>>([])

    /// False when somebody is at it already.
    func enter(_ file: TokenFileRecord) -> Bool { busy.withLock { $0.insert(Self.place(file)).inserted } }

    func leave(_ file: TokenFileRecord) { busy.withLock { _ = $0.remove(Self.place(file)) } }

    private static func place(_ file: TokenFileRecord) -> Place { Place(session: file.session, source: file.source) }
}
