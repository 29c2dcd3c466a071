internal import OrreryModel

/// What answers at the address of a pod without processes: as little of a notebook server as a hub, a proxy and a
/// measurement need. Pure: a request's head gives the bytes of the answer.
struct HollowServer {
    /// Where the server lives: the variable `JUPYTERHUB_SERVICE_PREFIX` of the pod, or `/`.
    let prefix: String

    init(_ pod: PodManifest) {
        let variables = pod.containers.flatMap { $0.object["env"]?.array ?? [] }
        let named = variables.first { $0["name"]?.string == "JUPYTERHUB_SERVICE_PREFIX" }
        prefix = named?["value"]?.string ?? "/"
    }

    struct Answer: Equatable {
        let bytes: [UInt8]
        /// The connection ends with it.
        let isLast: Bool
    }

    /// `head` is everything up to the empty line. A request with a body gets its answer without being read further.
    func answer(to head: String) -> Answer {
        let lines = head.split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else {
            return Self.answer("400 Bad Request", isLast: true)
        }
        let names = lines.dropFirst().map { $0.lowercased() }
        let isLast =
            words[2] == "HTTP/1.0" || names.contains("connection: close")
            || names.contains { $0.hasPrefix("transfer-encoding:") }
            || names.contains { $0.hasPrefix("content-length:") && $0 != "content-length: 0" }
        let path = String(words[1].prefix { $0 != "?" })
        guard path.hasPrefix(prefix) else { return Self.answer("404 Not Found", isLast: isLast) }
        switch path.dropFirst(prefix.utf8.count) {
        case "": return Self.answer("302 Found", ["Location: \(prefix)lab"], isLast: isLast)
        case "api":
            return Self.answer(
                "200 OK", ["Content-Type: application/json"], body: #"{"version": "2.0.0"}"#, isLast: isLast)
        case "api/status":
            return Self.answer(
                "200 OK", ["Content-Type: application/json"], body: #"{"connections": 0, "kernels": 0}"#, isLast: isLast
            )
        case "api/kernels", "api/terminals", "api/sessions":
            return Self.answer("200 OK", ["Content-Type: application/json"], body: "[]", isLast: isLast)
        default:
            return Self.answer("200 OK", ["Content-Type: text/plain"], body: "Nothing runs here.\n", isLast: isLast)
        }
    }

    private static func answer(
        _ status: String, _ headers: [String] = [], body: String = "", isLast: Bool
    ) -> Answer {
        let end = isLast ? ["Connection: close"] : []
        let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers + end
        return Answer(bytes: Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8), isLast: isLast)
    }
}
