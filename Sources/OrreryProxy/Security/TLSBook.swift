internal import OrreryWire
internal import Synchronization

/// The TLS contexts that are in force, made from files which can be read again while connections go on.
///
/// Concurrency: may be used by any thread. Workers look at the version, which is one load, and take the contexts when it
/// has changed.
final class TLSBook: Sendable {
    /// What is in force. Nil where TLS is not configured.
    struct Contexts: Sendable {
        /// For browsers.
        var server: TLSContext?
        /// For the REST interface.
        var api: TLSContext?
        /// For upstreams. Made when it is wanted first, unless something is configured for it.
        var client: TLSContext?
        /// For agents alone, where browsers are spoken to in the clear.
        var agents: TLSContext?
    }

    /// What the configuration says.
    struct Configurations: Sendable {
        var server: TLSServerConfiguration?
        var api: TLSServerConfiguration?
        var client: TLSClientConfiguration?
        var agents: TLSServerConfiguration?
        /// Whether the kernel encrypts what browsers and upstreams are sent, where that is worth while.
        var lendsKeys = false
    }

    private struct State {
        var contexts: Contexts
    }

    private let configurations: Configurations
    private let tickets = TLSTickets()
    private let apiTickets = TLSTickets()
    private let state: Mutex<State>
    private let version = Atomic<UInt64>(1)

    /// Plain HTTP everywhere.
    init() {
        configurations = Configurations()
        state = Mutex(State(contexts: Contexts()))
    }

    /// Reads all files.
    init(_ configurations: Configurations) throws(ProxyError) {
        self.configurations = configurations
        let contexts = try Self.read(configurations, tickets, apiTickets)
        state = Mutex(State(contexts: contexts))
    }

    /// Whether the kernel may encrypt what connections of these contexts send.
    var lendsKeys: Bool { configurations.lendsKeys }

    /// Goes up with every change.
    var currentVersion: UInt64 { version.load(ordering: .acquiring) }

    func snapshot() -> Contexts { state.withLock { $0.contexts } }

    /// What the operator should know about the certificates in force.
    var notes: [String] {
        let contexts = snapshot()
        return [contexts.server, contexts.api, contexts.client].flatMap { $0?.notes ?? [] }
    }

    /// What upstreams are judged by: the system's authorities, when nothing else is configured. Those take a while to be
    /// read, so they are read when they are wanted first. Nil when that fails, which is logged.
    func clientContext(_ log: ProxyLog) -> TLSContext? {
        state.withLock { state in
            if let context = state.contexts.client { return context }
            do throws(TLSError) {
                state.contexts.client = try TLSContext.client(configurations.lending(TLSClientConfiguration()))
            } catch {
                log.write(.error, "https targets cannot be reached: \(error)")
            }
            return state.contexts.client
        }
    }

    /// Reads all files again. When one is bad, everything stays as it is.
    func reload() throws(ProxyError) {
        let contexts = try Self.read(configurations, tickets, apiTickets)
        state.withLock { $0.contexts = contexts }
        version.add(1, ordering: .releasing)
    }

    /// Changes the keys of tickets when it is time to; `now` in milliseconds.
    func rotateTickets(now: UInt64) {
        tickets.rotate(now: now)
        apiTickets.rotate(now: now)
    }

    private static func read(
        _ configurations: Configurations, _ tickets: TLSTickets, _ apiTickets: TLSTickets
    ) throws(ProxyError) -> Contexts {
        Contexts(
            server: try context(configurations.server.map(configurations.lending), "--ssl-", tickets),
            api: try context(configurations.api, "--api-ssl-", apiTickets),
            client: try context(configurations.client.map(configurations.lending)),
            agents: try context(configurations.agents.map(configurations.lending), "--state-dir", tickets))
    }

    private static func context(_ configuration: TLSClientConfiguration?) throws(ProxyError) -> TLSContext? {
        guard let configuration else { return nil }
        do throws(TLSError) {
            return try TLSContext.client(configuration)
        } catch {
            throw .badTLS(option: TLSOptions.option(for: error, in: configuration), error)
        }
    }

    private static func context(
        _ configuration: TLSServerConfiguration?, _ prefix: String, _ tickets: TLSTickets
    ) throws(ProxyError) -> TLSContext? {
        guard let configuration else { return nil }
        do throws(TLSError) {
            return try TLSContext.server(configuration, tickets: tickets)
        } catch {
            throw .badTLS(option: TLSOptions.option(for: error, prefix, in: configuration), error)
        }
    }
}

extension TLSBook.Configurations {
    fileprivate func lending(_ server: TLSServerConfiguration) -> TLSServerConfiguration {
        var server = server
        server.lendsKeys = lendsKeys
        return server
    }

    fileprivate func lending(_ client: TLSClientConfiguration) -> TLSClientConfiguration {
        var client = client
        client.lendsKeys = lendsKeys
        return client
    }
}
