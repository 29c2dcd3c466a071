import Foundation
import HummingbirdCore
import Logging
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import OrreryPocket
import Synchronization
import Testing

@testable import OrreryAgent

/// A pocket cluster without processes, a gate in front of it that takes calls over loopback, and the hub's client of the gate.
struct GatedCluster: Sendable {
    /// As the hub speaks to the cluster.
    let hub: KubernetesClient
    /// Past the gate, with all rights.
    let direct: KubernetesClient
    let url: String
    let log: Notes
    let way: CountedWay

    static func run(
        policy: String = "hub: facility", isAway: Bool = false,
        _ work: @escaping @Sendable (GatedCluster) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "gated-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try policy.write(toFile: directory + "/policy.yaml", atomically: true, encoding: .utf8)
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let pocket = try PocketServer(
            configuration: configuration(directory), logger: quiet, onListening: { listening.yield($0) })
        try await serving(pocket) {
            for await port in ports {
                try await gate(directory, isAway ? 9 : port, direct: port, work)
                break
            }
        }
    }

    private static func gate(
        _ directory: String, _ port: Int, direct: Int, _ work: @escaping @Sendable (GatedCluster) async throws -> Void
    ) async throws {
        let (ports, listening) = AsyncStream.makeStream(of: Int?.self)
        let log = Notes()
        let way = CountedWay()
        let gate = APIGate(
            address: .hostname("127.0.0.1", port: 0), client: client("http://127.0.0.1:\(port)", way),
            policy: SitePolicyKeeper(file: directory + "/policy.yaml", logger: quiet),
            logger: Logger(label: "gate") { _ in log.handler }, onListening: { listening.yield($0) })
        try await serving(gate) {
            for await port in ports {
                let url = "http://127.0.0.1:\(port ?? 0)"
                try await work(
                    GatedCluster(
                        hub: client(url, Fetcher(), token: "the-hub-has-none"),
                        direct: client("http://127.0.0.1:\(direct)", Fetcher()), url: url, log: log, way: way))
                break
            }
        }
    }

    private static func client(
        _ server: String, _ transport: any KubernetesTransport, token: String = "agent-token"
    ) -> KubernetesClient {
        var access = ClusterAccess(name: "south", server: server, token: Secret(token), namespace: "orrery")
        access.budget = Budget(callsPerSecond: 10_000, burst: 10_000)
        return KubernetesClient(access, transport: transport)
    }

    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func configuration(_ directory: String) throws -> PocketConfiguration {
        var configuration = PocketConfiguration(
            cluster: "south", port: 0, state: directory + "/pocket",
            node: PocketConfiguration.Node(
                name: "node", cpu: CPUCount(millicores: 64_000), memory: ByteCount(bytes: 1 << 40), pods: 5000,
                processes: false), addresses: try #require(PocketConfiguration.AddressRange("127.131.0.0/16")))
        configuration.namespaces = ["orrery", "other"]
        configuration.tokens = [.init(name: "agent", token: Secret("agent-token"), permission: .admin)]
        return configuration
    }

    /// A call as nobody's client would make it.
    func ask(
        _ method: String, _ target: String, headers: [(name: String, value: String)] = [], body: String? = nil,
        type: String = "application/json"
    ) async throws -> FetchResponse {
        var headers = headers
        if body != nil { headers.append(("Content-Type", type)) }
        return try await Fetcher().fetch(
            FetchRequest(method, url: url + target, headers: headers, body: body.map { Array($0.utf8) }))
    }
}

/// The way to the cluster, which knows how many answers are still being read.
final class CountedWay: KubernetesTransport {
    private let fetcher = Fetcher()
    private let open = Mutex(0)
    private let stalls = Mutex<[Duration?]>([])
    private let refusal = Mutex<Refusal?>(nil)

    private struct Refusal {
        let status: Int
        let headers: [(name: String, value: String)]
        let body: String
        /// Only calls of this method; nil for all.
        let method: String?
        /// How many more times.
        var times: Int
    }

    /// For how long each call let the cluster say nothing.
    var stallLimits: [Duration?] { stalls.withLock { $0 } }

    private let change = Mutex<(old: String, new: String)?>(nil)

    /// What is sent has another text in place of `old` from now on: a webhook's doing.
    func replace(_ old: String, with new: String) { change.withLock { $0 = (old, new) } }

    /// Every call is answered so from now on, or those of one method, and the cluster not asked.
    func refuse(
        _ status: Int, _ headers: [(name: String, value: String)] = [], _ body: String = "", method: String? = nil,
        times: Int = .max
    ) {
        refusal.withLock {
            $0 = Refusal(status: status, headers: headers, body: body, method: method, times: times)
        }
    }

    var openAnswers: Int { open.withLock { $0 } }

    func fetch(_ request: FetchRequest) async throws(FetchError) -> FetchResponse { try await fetcher.fetch(request) }

    func stream(_ request: FetchRequest) async throws(FetchError) -> StreamedAnswer {
        var request = request
        if let change = change.withLock({ $0 }), let body = request.body {
            let text = String(decoding: body, as: UTF8.self).replacingOccurrences(of: change.old, with: change.new)
            request.body = Array(text.utf8)
        }
        stalls.withLock { $0.append(request.stallLimit) }
        let refused = refusal.withLock { refusal -> Refusal? in
            guard let present = refusal, present.times > 0, [nil, request.method].contains(present.method) else {
                return nil
            }
            refusal?.times -= 1
            return present
        }
        if let refusal = refused {
            let body = Mutex<[UInt8]?>(Array(refusal.body.utf8))
            return StreamedAnswer(status: refusal.status, headers: FetchHeaders(refusal.headers)) {
                body.withLock { $0.take() }
            }
        }
        let answer: StreamedAnswer = try await fetcher.stream(request)
        let held = Held(by: self)
        return StreamedAnswer(status: answer.status, headers: answer.headers) { () async throws(FetchError) in
            do throws(FetchError) {
                let chunk = try await answer.next()
                if chunk == nil { held.end() }
                return chunk
            } catch {
                held.end()
                throw error
            }
        }
    }

    /// One answer that somebody may still read. Whoever drops it ends it too, as the real one does.
    private final class Held: Sendable {
        private let way: CountedWay
        private let hasEnded = Mutex(false)

        init(by way: CountedWay) {
            self.way = way
            way.open.withLock { $0 += 1 }
        }

        deinit { end() }

        func end() {
            let isNews = hasEnded.withLock { hasEnded in
                defer { hasEnded = true }
                return !hasEnded
            }
            if isNews { way.open.withLock { $0 -= 1 } }
        }
    }
}

/// What was logged, one line each: message and facts.
final class Notes: Sendable {
    private let all = Mutex<[String]>([])

    var lines: [String] { all.withLock { $0 } }
    var handler: Handler { Handler(notes: self) }

    struct Handler: LogHandler {
        let notes: Notes
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let facts = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            notes.all.withLock { $0.append("\(event.message) \(facts.joined(separator: " "))") }
        }
    }
}
