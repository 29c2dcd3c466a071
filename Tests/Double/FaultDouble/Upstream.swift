import Foundation
package import OrreryFetch

/// The API server behind the double.
package struct Upstream: Sendable {
    /// `http://127.0.0.1:16443`, without a slash at its end.
    package let server: String
    package let trust: FetchRequest.Trust
    package let client: ClientCertificate?
    /// Shown instead of what the double's clients show; nil: theirs is passed on.
    package let token: String?

    package init(
        _ server: String, trust: FetchRequest.Trust = .system, client: ClientCertificate? = nil, token: String? = nil
    ) {
        self.server = server
        self.trust = trust
        self.client = client
        self.token = token
    }

    func request(_ incoming: Incoming, target: String) -> FetchRequest {
        let own = ["host", "connection", "content-length", "transfer-encoding", "accept-encoding"]
        var headers = incoming.headers.filter { !own.contains($0.name.lowercased()) }
        if client != nil || token != nil { headers.removeAll { $0.name.lowercased() == "authorization" } }
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        return FetchRequest(
            incoming.method, url: server + target, headers: headers,
            body: incoming.body.isEmpty ? nil : incoming.body, limit: nil, bodyLimit: 64 << 20, trust: trust,
            client: client)
    }
}
