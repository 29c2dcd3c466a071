package import FoundationEssentials
import OrreryFetch
import OrreryModel
import Synchronization

/// One cluster's API, as far as sessions need it.
///
/// A call is made once, but for two answers that say that it had no effect: a 429 is waited out for ten seconds, after which
/// the caller is told and everybody waits for as long as the cluster wants; and after a 401 the
/// credential is read again and, when it is another one by now, shown once more. What to do about every other failure is
/// the caller's to know; of one that `isUncertain`, only reading tells whether it had its effect.
///
/// Concurrency: shared by all tasks that talk to the cluster; they share its budget, its breaker and its credential.
package final class KubernetesClient: Sendable {
    package let access: ClusterAccess
    let transport: any KubernetesTransport
    let time: Timekeeper
    let keeper: CredentialKeeper
    private let pacing: Pacing
    private let turnstile: Turnstile
    private let breaker = Mutex(Breaker())
    private let now: @Sendable () -> Date
    private let offset = Mutex<TimeInterval?>(nil)
    private let draw: @Sendable () -> Double

    /// `draw` gives numbers from 0 to 1, by which pauses differ from those of others who were refused together.
    package init(
        _ access: ClusterAccess, transport: any KubernetesTransport, time: Timekeeper = .continuous,
        now: @escaping @Sendable () -> Date = { Date() },
        draw: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.now = now
        self.draw = draw
        self.access = access
        self.transport = transport
        self.time = time
        keeper = CredentialKeeper(access, time: time)
        pacing = Pacing(time, access.budget, draw: draw)
        turnstile = Turnstile(access.budget.underWay)
    }

    package var namespace: String { access.namespace }

    /// How far the cluster's clock was ahead of ours at its last answer, by the second; nil before the first.
    package var clockOffset: TimeInterval? { offset.withLock { $0 } }
}

extension KubernetesClient {
    /// Sends one call and gives the body of its success. One that is `urgent` waits for nobody but the cluster itself.
    /// With `showing`, that token is shown instead of the hub's.
    func send(
        _ method: String, _ path: ResourcePath, body: [UInt8]? = nil, contentType: String = "application/json",
        urgent: Bool = false, showing own: Secret? = nil
    ) async throws(KubernetesError) -> [UInt8] {
        if !urgent { try await turnstile.enter() }
        defer { if !urgent { turnstile.leave() } }
        var backoff = Backoff(first: .seconds(1), draw: draw)
        var hasRenewed = own != nil
        let began = time.elapsed()
        while true {
            try await pacing.wait(urgent: urgent)
            var shown = try keeper.shown()
            if let own { shown.token = own }
            var request = prepare(method, path, shown)
            request.bodyLimit = 64 << 20
            // A server packs what is long, such as lists; watches are not asked to be.
            request.acceptsGzip = method == "GET"
            if let body {
                request.body = body
                request.headers.append(("Content-Type", contentType))
            }
            let response = try await fetch(request, urgent: urgent)
            if (200..<300).contains(response.status) { return response.body }
            let refusal = Self.refusal(response.status, response.headers, response.body)
            switch response.status {
            case 429:
                let pause = max(.seconds(1), refusal.retryAfter ?? backoff.next())
                pacing.pause(pause)
                // Somebody waits for words, too: the next call keeps to the pause all the same.
                guard time.elapsed() + pause - began <= Self.patience else { throw .refused(refusal) }
            case 401 where !hasRenewed && keeper.renewed(after: shown): hasRenewed = true
            default: throw .refused(refusal)
            }
        }
    }

    /// Opens a stream and gives it when the head says success.
    func open(_ path: ResourcePath) async throws(KubernetesError) -> StreamedAnswer {
        try await pacing.wait(urgent: true)
        let shown = try keeper.shown()
        var request = prepare("GET", path, shown)
        request.limit = nil
        do {
            let answer = try await transport.stream(request)
            if let away = Self.away(answer.status, answer.headers) { throw away }
            note(answered: true)
            noteClock(answer.headers)
            guard answer.status != 200 else { return answer }
            var body: [UInt8] = []
            while let chunk = try await answer.next(), body.count < 1 << 16 { body += chunk }
            let refusal = Self.refusal(answer.status, answer.headers, body)
            if answer.status == 429 { pacing.pause(refusal.retryAfter ?? .seconds(1)) }
            // The next attempt shows what there is by then.
            if answer.status == 401 { _ = keeper.renewed(after: shown) }
            throw KubernetesError.refused(refusal)
        } catch let error as FetchError {
            let error = KubernetesError(error)
            if case .transport = error { note(answered: false) }
            throw error
        } catch let error as KubernetesError {
            if case .transport = error { note(answered: false) }
            throw error
        } catch {
            throw .unreadable("\(error)")
        }
    }

    private func fetch(_ request: FetchRequest, urgent: Bool) async throws(KubernetesError) -> FetchResponse {
        if !urgent, let rest = breaker.withLock({ $0.holdsBack(at: time.elapsed()) }) {
            throw .transport(
                "it did not answer several times in a row, and is asked again in \(rest.components.seconds + 1) s",
                beforeSending: true)
        }
        do {
            let response = try await transport.fetch(request)
            if let away = Self.away(response.status, response.headers) { throw away }
            note(answered: true)
            noteClock(response.headers)
            return response
        } catch let error as FetchError {
            let error = KubernetesError(error)
            if case .transport = error { note(answered: false) }
            throw error
        } catch let error as KubernetesError {
            note(answered: false)
            throw error
        } catch {
            throw .unreadable("\(error)")
        }
    }

    /// The proxy's word that no connection of the cluster's agent is there or that nothing comes over it, or the agent's that
    /// its cluster is silent: nobody at the cluster has answered.
    private static func away(_ status: Int, _ headers: FetchHeaders) -> KubernetesError? {
        guard [404, 503].contains(status) else { return nil }
        let word = headers["Orrery-Tunnel"]
        if access(word, is: ["away", "unknown"]) {
            return .transport("its agent is not connected", beforeSending: true)
        }
        if access(word, is: ["lost"]) { return .transport("its agent does not answer", beforeSending: false) }
        guard access(word, is: ["silent"]) else { return nil }
        return .transport("its API gives no answer to its agent", beforeSending: false)
    }

    private static func access(_ word: String?, is words: [String]) -> Bool { word.map(words.containsExactly) ?? false }

    private func note(answered: Bool) {
        let now = time.elapsed()
        breaker.withLock { answered ? $0.answered() : $0.failed(at: now) }
    }

    private func noteClock(_ headers: FetchHeaders) {
        guard let text = headers["Date"], let date = Date(http: text) else { return }
        let ahead = date.timeIntervalSince(now())
        offset.withLock { $0 = ahead }
    }

    private func prepare(_ method: String, _ path: ResourcePath, _ shown: CredentialKeeper.Shown) -> FetchRequest {
        var request = FetchRequest(method, url: access.server + path.text)
        request.headers = [("Accept", "application/json"), ("User-Agent", "orrery")]
        request.trust = shown.trust
        request.client = shown.certificate
        if let token = shown.token { request.headers.append(("Authorization", "Bearer \(token.reveal())")) }
        return request
    }

    private static let patience = Duration.seconds(10)
}

extension KubernetesClient {
    /// What a refusal says: the Status where there is one, else the text, as 429 and 404 of the server's own have it.
    static func refusal(_ status: Int, _ headers: FetchHeaders, _ body: [UInt8]) -> KubernetesError.Refused {
        let parsed = try? JSONDecoder().decode(ClusterStatus.self, from: Data(body))
        let text = String(decoding: body.prefix(1024), as: UTF8.self).split(separator: "\n").first.map(String.init)
        let seconds = headers["Retry-After"].flatMap { Int($0) } ?? parsed?.details?.retryAfterSeconds
        return KubernetesError.Refused(
            code: status, reason: parsed?.reason, message: parsed?.message ?? text ?? "no explanation",
            retryAfter: seconds.map { .seconds($0) }, causes: parsed?.details?.causes ?? [])
    }

    func encode(_ value: some Encodable) throws(KubernetesError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return [UInt8](try encoder.encode(value)) } catch {
            throw .badRequest("cannot be written as JSON: \(error)")
        }
    }

    func decode<Value: Decodable>(
        _ type: Value.Type, _ body: [UInt8], with decoder: JSONDecoder = JSONDecoder()
    ) throws(KubernetesError) -> Value {
        do { return try decoder.decode(type, from: Data(body)) } catch {
            throw .unreadable("\(error)".shortened(to: Quoted.most))
        }
    }
}

extension KubernetesError {
    init(_ error: FetchError) {
        switch error.kind {
        case .cancelled: self = .cancelled
        case .badRequest: self = .badRequest(error.message)
        case .cannotConnect, .cannotResolve, .tls: self = .transport(error.message, beforeSending: true)
        case .timedOut, .cut, .tooLarge, .badAnswer: self = .transport(error.message, beforeSending: false)
        }
    }
}
