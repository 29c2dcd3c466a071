/// The API server's `Status`: its answer when there is no object to answer with, and every refusal but a few that come
/// as plain text (429 of priority and fairness, 404 of an unknown path).
package struct ClusterStatus: Codable, Hashable, Sendable {
    package var status: String?
    package var reason: String?
    package var message: String?
    package var code: Int?
    package var details: Details?
    package var metadata: ListMeta?

    package struct Details: Codable, Hashable, Sendable {
        package var name: String?
        package var kind: String?
        package var causes: [Cause]?
        package var retryAfterSeconds: Int?
    }

    package struct Cause: Codable, Hashable, Sendable {
        package var reason: String?
        package var message: String?
        package var field: String?
    }
}
