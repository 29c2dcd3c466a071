import Foundation
import OrreryModel
import Testing

@testable import OrreryPocket

/// One recorded case: the raw exchanges between a plain client and a real API server.
struct RecordedCase: Sendable {
    struct Exchange: Sendable {
        let caller: String
        let method: String
        let path: String
        let headers: [(String, String)]
        let body: [UInt8]?
        let status: Int
        let responseHeaders: [(name: String, value: String)]
        let responseBody: String
        let lines: [JSON]
    }

    let exchanges: [Exchange]

    /// The directory of the recordings; nil where there is none.
    static let directory: String? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../..").standardized
        let shared = ProcessInfo.processInfo.environment["ORRERY_SHARED"] ?? root.appending(path: "shared").path
        let path = shared + "/kubernetes/recorded"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    static var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: #require(directory))
                .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
        }
    }

    init(_ name: String) throws {
        let path = try #require(Self.directory) + "/\(name).json"
        let data = try Data(contentsOf: URL(filePath: path))
        let json = try JSON(parsing: Array(data))
        exchanges = try (json["exchanges"]?.array ?? []).map(Exchange.init)
    }
}

extension RecordedCase.Exchange {
    init(_ json: JSON) throws {
        let request = json["request"]
        let response = json["response"]
        caller = json["as"]?.string ?? ""
        method = try #require(request?["method"]?.string)
        path = try #require(request?["path"]?.string)
        headers = (request?["headers"]?.object ?? [:]).filter { $0.key != "Authorization" }
            .map { ($0.key, $0.value.string ?? "") }
        body = request?["body"]?.string.map { Self.whole($0) }
        status = Int(response?["status"]?.integer ?? 0)
        responseHeaders = (response?["headers"]?.array ?? []).compactMap { pair in
            guard let pair = pair.array, pair.count == 2 else { return nil }
            return (pair[0].string ?? "", pair[1].string ?? "")
        }
        responseBody = response?["body"]?.string ?? ""
        lines = try (response?["lines"]?.array ?? []).map { line in
            try JSON(parsing: Array((line.array?.last?.string ?? "").utf8))
        }
    }

    /// A very long body is recorded short: `xxx... [307200 times x]`.
    private static func whole(_ text: String) -> [UInt8] {
        guard text.hasSuffix(" times x]"), let match = text.firstMatch(of: /(x+)\.\.\. \[(\d+) times x\]$/),
            let count = Int(match.output.2)
        else {
            return Array(text.utf8)
        }
        // The end that was cut off with it.
        let end = #""}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}"#
        return Array((text[..<match.range.lowerBound] + String(repeating: "x", count: count) + end).utf8)
    }

    /// The client with the rights of the recorded caller.
    func client(_ pocket: LivePocket) -> PocketClient {
        switch caller {
        case "no credentials": pocket.client.as(nil)
        case "system:serviceaccount:hub:hub": pocket.hub
        case let name where name.hasPrefix("cluster-admin"): pocket.client
        default: pocket.client.as("no such token")
        }
    }
}

extension JSON {
    /// This body without what differs from cluster to cluster, or what pocket does not do:
    /// uids, versions and times; `managedFields`; the token volume of service accounts, which pocket has none of; what
    /// a scheduler noted (the node half has its own tests); the difference in Go syntax behind a refused change.
    var normalized: JSON {
        switch self {
        case .object(let members):
            var result: JSON = [:]
            for (name, value) in members {
                if Self.variable.contains(name) {
                    if value != .null, name != "managedFields" { result[name] = "…" }
                } else if name == "message", let text = value.string {
                    result[name] = .string(Self.normalized(text))
                } else if name == "conditions" || (Self.tokenHolders.contains(name) && value.withoutToken == []) {
                    continue
                } else {
                    result[name] = Self.tokenHolders.contains(name) ? value.withoutToken.normalized : value.normalized
                }
            }
            if let stem = result["generateName"]?.string { result["name"] = .string(stem + "…") }
            return result
        case .array(let values): return .array(values.filter { !$0.isClusterCertificate }.map(\.normalized))
        default: return self
        }
    }

    private static let variable: Set<String> = [
        "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "managedFields",
    ]
    private static let tokenHolders: Set<String> = ["volumes", "volumeMounts"]

    private var withoutToken: JSON {
        .array((array ?? []).filter { $0["name"]?.string?.hasPrefix("kube-api-access-") != true })
    }

    private var isClusterCertificate: Bool { self["metadata"]?["name"] == "kube-root-ca.crt" }

    private static func normalized(_ text: String) -> String {
        let text = text.split(separator: "\n@@").first.map(String.init) ?? text
        return text.replacing(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/, with: "…")
            .trimmingCharacters(in: .newlines)
    }
}
