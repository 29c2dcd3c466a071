import FoundationEssentials
import OrreryFetch
import OrreryModel

/// One cluster's API, as far as sessions need it. Calls are made once, except that a 429 is waited out (it was refused
/// before it had an effect); what to do about every other failure is the caller's to know.
///
/// Concurrency: shared by all tasks that talk to the cluster; they share its pacing.
package final class KubernetesClient: Sendable {
    package let access: ClusterAccess
    let transport: any KubernetesTransport
    private let pacing: Pacing

    package init(_ access: ClusterAccess, transport: any KubernetesTransport, time: Timekeeper = .continuous) {
        self.access = access
        self.transport = transport
        pacing = Pacing(time)
    }

    package var namespace: String { access.namespace }
}

extension KubernetesClient {
    /// Sends one call and gives the body of its success.
    func send(
        _ method: String, _ path: ResourcePath, body: [UInt8]? = nil, contentType: String = "application/json"
    ) async throws(KubernetesError) -> [UInt8] {
        var request = prepare(method, path)
        request.bodyLimit = 64 << 20
        if let body {
            request.body = body
            request.headers.append(("Content-Type", contentType))
        }
        for _ in 0..<Self.attempts {
            try await pacing.wait()
            let response = try await fetch(request)
            if (200..<300).contains(response.status) { return response.body }
            let refusal = Self.refusal(response.status, response.headers, response.body)
            guard response.status == 429 else { throw .refused(refusal) }
            pacing.pause(refusal.retryAfter ?? .seconds(1))
        }
        throw .refused(.init(code: 429, reason: nil, message: "it has been too busy for \(Self.attempts) attempts"))
    }

    /// Opens a stream and gives it when the head says success.
    func open(_ path: ResourcePath, connectLimit: Duration = .seconds(5)) async throws(KubernetesError)
        -> StreamedAnswer
    {
        var request = prepare("GET", path)
        request.limit = nil
        try await pacing.wait()
        do {
            let answer = try await transport.stream(request)
            guard answer.status != 200 else { return answer }
            var body: [UInt8] = []
            while let chunk = try await answer.next(), body.count < 1 << 16 { body += chunk }
            let refusal = Self.refusal(answer.status, answer.headers, body)
            if answer.status == 429 { pacing.pause(refusal.retryAfter ?? .seconds(1)) }
            throw KubernetesError.refused(refusal)
        } catch let error as FetchError {
            throw KubernetesError(error)
        } catch let error as KubernetesError {
            throw error
        } catch {
            throw .unreadable("\(error)")
        }
    }

    private func fetch(_ request: FetchRequest) async throws(KubernetesError) -> FetchResponse {
        do { return try await transport.fetch(request) } catch { throw KubernetesError(error) }
    }

    private func prepare(_ method: String, _ path: ResourcePath) -> FetchRequest {
        var request = FetchRequest(method, url: access.server + path.text)
        request.headers = [("Accept", "application/json"), ("User-Agent", "orrery")]
        request.trust = access.authority.map { .authority(pem: $0) } ?? .system
        switch access.credential {
        case .token(let token): request.headers.append(("Authorization", "Bearer \(token.reveal())"))
        case .certificate(let certificate): request.client = certificate
        }
        return request
    }

    private static let attempts = 5
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

    func decode<Value: Decodable>(_ type: Value.Type, _ body: [UInt8]) throws(KubernetesError) -> Value {
        do { return try JSONDecoder().decode(type, from: Data(body)) } catch { throw .unreadable("\(error)") }
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
