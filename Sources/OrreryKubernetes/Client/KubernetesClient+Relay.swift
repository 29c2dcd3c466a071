import OrreryFetch
import OrreryModel

extension KubernetesClient {
    /// Passes somebody else's call on with this client's own credential, and gives the answer whatever its status is, while it is
    /// still coming. Whoever asks keeps a pace of its own and sees a 429 itself; after a 401 the credential is read again once.
    ///
    /// `path` with its query goes into the request as it stands: the caller has judged it.
    package func relay(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        stallLimit: Duration? = nil
    ) async throws(KubernetesError) -> StreamedAnswer {
        var shown = try keeper.shown()
        while true {
            var request = FetchRequest(method, url: access.server + path)
            request.headers = [("Accept", "application/json"), ("User-Agent", "orrery-agent")] + headers
            request.body = body
            request.limit = nil
            request.stallLimit = stallLimit
            request.trust = shown.trust
            request.client = shown.certificate
            if let token = shown.token { request.headers.append(("Authorization", "Bearer \(token.reveal())")) }
            let answer: StreamedAnswer
            do { answer = try await transport.stream(request) } catch { throw KubernetesError(error) }
            guard answer.status == 401, keeper.renewed(after: shown) else { return answer }
            shown = try keeper.shown()
        }
    }
}

extension StreamedAnswer {
    /// What is left of the body. Throws when it is longer than `limit`.
    package func collect(upTo limit: Int) async throws(KubernetesError) -> [UInt8] {
        var body: [UInt8] = []
        while let chunk = try await nextChunk() {
            body += chunk
            guard body.count <= limit else { throw .unreadable("it is longer than \(limit) bytes") }
        }
        return body
    }

    private func nextChunk() async throws(KubernetesError) -> [UInt8]? {
        do { return try await next() } catch { throw KubernetesError(error) }
    }
}
