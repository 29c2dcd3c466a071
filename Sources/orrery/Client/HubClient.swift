import Foundation
import OrreryFetch
import OrreryModel

/// What the commands say to a hub. Tokens go into a header or a form, never into an address or an argument.
struct HubClient: Sendable {
    let hub: HubAddress
    private let fetcher = Fetcher()

    init(_ hub: HubAddress) { self.hub = hub }

    struct Answer: Sendable {
        let status: Int
        let json: JSON
    }

    /// Posts a form to an address below `/hub/api/oauth2/`.
    func post(_ path: String, _ fields: [(name: String, value: String)]) async throws -> Answer {
        let text = fields.map { "\(Self.encode($0.name))=\(Self.encode($0.value))" }.joined(separator: "&")
        return try await send(
            FetchRequest(
                "POST", url: "\(hub.origin)/hub/api/oauth2/\(path)",
                headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
                body: Array(text.utf8), bodyLimit: 1 << 20))
    }

    /// Who it is that has `token`, as the hub knows them.
    func user(_ token: Secret) async throws -> Answer {
        try await send(
            FetchRequest(
                url: "\(hub.origin)/hub/api/user",
                headers: [("Authorization", "Bearer \(token.reveal())"), ("Accept", "application/json")],
                bodyLimit: 1 << 20))
    }

    private func send(_ request: FetchRequest) async throws -> Answer {
        let response = try await fetcher.fetch(request)
        return Answer(
            status: response.status,
            json: (try? JSONDecoder().decode(JSON.self, from: Data(response.body))) ?? .null)
    }

    private static func encode(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    // RFC 3986 2.3.
    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}

extension HubClient.Answer {
    /// What the hub says went wrong, or its status.
    var words: String { (json["message"]?.string ?? json["error"]?.string)?.shown ?? "status \(status)" }
}
