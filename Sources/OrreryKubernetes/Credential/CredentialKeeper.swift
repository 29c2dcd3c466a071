import FoundationEssentials
import OrreryFetch
import OrreryModel
import Synchronization

/// Has what is to be shown to one cluster now, and whom to believe there.
///
/// Files are looked at once a minute, and at once when the cluster does not accept what was shown. One that cannot be
/// read leaves what was read before.
///
/// Concurrency: shared by all tasks that talk to the cluster.
final class CredentialKeeper: Sendable {
    /// What one request carries.
    struct Shown: Hashable, Sendable {
        var token: Secret?
        var certificate: ClientCertificate?
        var trust: FetchRequest.Trust
    }

    private struct State {
        var shown: Shown?
        /// A token that the hub renewed itself, and is newer than what the configuration says.
        var own: Secret?
        /// The cluster did not accept `own`: what the configuration says is shown.
        var hasFallenBack = false
        var readAt = Duration.zero
    }

    private let credential: Credential
    private let authority: Authority
    private let time: Timekeeper
    private let state = Mutex(State())

    private static let interval = Duration.seconds(60)

    init(_ access: ClusterAccess, time: Timekeeper) {
        credential = access.credential
        authority = access.authority
        self.time = time
    }

    /// What to show now. Throws when it stands in a file that could never be read.
    func shown() throws(KubernetesError) -> Shown {
        let now = time.elapsed()
        return try state.withLock { state throws(KubernetesError) in
            if let shown = state.shown, now - state.readAt < Self.interval { return shown }
            return try read(&state, now)
        }
    }

    /// The cluster did not accept `old`; whether there is something else to show by now. Of a token that the hub renewed itself and
    /// that of the configuration the other one is shown then, so that neither keeps the hub out for good.
    func renewed(after old: Shown) -> Bool {
        let now = time.elapsed()
        let fresh = state.withLock { state -> Shown? in
            if let shown = state.shown, shown != old { return shown }
            if state.own != nil { state.hasFallenBack.toggle() }
            return try? read(&state, now)
        }
        return fresh.map { $0 != old } ?? false
    }

    /// From now on `token` is shown, and no file read.
    func show(_ token: Secret) {
        state.withLock { state in
            state.own = token
            state.hasFallenBack = false
            state.shown?.token = token
        }
    }

    /// Whether the cluster has not accepted the token that the hub renewed itself.
    var hasFallenBack: Bool { state.withLock { $0.hasFallenBack } }

    private func read(_ state: inout State, _ now: Duration) throws(KubernetesError) -> Shown {
        state.readAt = now
        do {
            var fresh = try load()
            if let own = state.own, !state.hasFallenBack { fresh.token = own }
            state.shown = fresh
            return fresh
        } catch {
            guard let before = state.shown else { throw error }
            return before
        }
    }

    private func load() throws(KubernetesError) -> Shown {
        let trust: FetchRequest.Trust =
            switch authority {
            case .system: .system
            case .pem(let text): .authority(pem: text)
            case .file(let path): .authority(pem: try Self.text(of: path))
            }
        switch credential {
        case .token(let token): return Shown(token: token, trust: trust)
        case .tokenFile(let path):
            // A line end would be a second header.
            let line = try Self.text(of: path).split(whereSeparator: \.isWhitespace).first.map(String.init)
            guard let line else { throw .badRequest("the token file \(path) is empty") }
            return Shown(token: Secret(line), trust: trust)
        case .certificate(let pair): return Shown(certificate: pair, trust: trust)
        case .certificateFiles(let chain, let key):
            let pair = ClientCertificate(chain: try Self.text(of: chain), key: try Self.text(of: key))
            return Shown(certificate: pair, trust: trust)
        }
    }

    private static func text(of path: String) throws(KubernetesError) -> String {
        do { return try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw .badRequest("the file \(path) with this hub's credential cannot be read")
        }
    }
}
