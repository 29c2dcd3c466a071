import FoundationEssentials
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryKubernetes

extension JSON {
    var lines: [String] { self["response"]?["lines"]?.array?.compactMap { $0.array?.last?.string } ?? [] }
    var body: [UInt8] { Array((self["response"]?["body"]?.string ?? "").utf8) }
    var status: Int { Int(self["response"]?["status"]?.integer ?? 0) }
    var headers: FetchHeaders {
        FetchHeaders(
            self["response"]?["headers"]?.array?.compactMap { field in
                guard let name = field.array?.first?.string, let value = field.array?.last?.string else { return nil }
                return (name, value)
            } ?? [])
    }
}

@Suite(.enabled(if: Recording.isThere, "no recordings beside the repository"))
struct RecordedTests {
    @Test func everyLineOfEveryRecordedPodWatchIsUnderstood() throws {
        var count = 0
        for name in try Recording.names("kubelet-") {
            for exchange in try Recording.exchanges(name) {
                guard exchange["request"]?["path"]?.string?.contains("/pods?watch") == true else { continue }
                for line in exchange.lines {
                    let event = WatchEvent<Pod>(line: Array(line.utf8))
                    if case .unreadable(let why, _) = event { Issue.record("\(name): \(why)") }
                    count += 1
                }
            }
        }
        #expect(count > 200)
    }

    @Test func everyRecordedEventListIsUnderstood() throws {
        var reasons: Set<String> = []
        for name in try Recording.names("kubelet-") {
            for exchange in try Recording.exchanges(name)
            where exchange["request"]?["path"]?.string?.contains("/events?") == true {
                let list = try JSONDecoder().decode(ObjectList<ClusterEvent>.self, from: Data(exchange.body))
                reasons.formUnion(list.items.compactMap(\.reason))
            }
        }
        #expect(reasons.isSuperset(of: ["Scheduled", "Pulling", "FailedMount", "FailedScheduling", "Killing"]))
    }

    @Test(
        arguments: [
            ("unauthorized-401", 0, 401, "Unauthorized", "Unauthorized"),
            ("forbidden-403-rbac", 0, 403, "Forbidden", "cannot create resource"),
            ("quota-exceeded-403", 0, 403, "Forbidden", "exceeded quota: q"),
            ("pod-create-409", 0, 409, "AlreadyExists", "already exists"),
            ("delete-precondition-409", 0, 409, "Conflict", "does not match the UID"),
            ("list-continue-expired-410", 0, 410, "Expired", "too old"),
            ("too-many-requests-429", 0, 429, nil, "Too many requests, please try again later."),
            ("not-found-path-404", 0, 404, nil, "404 page not found"),
        ] as [(String, Int, Int, String?, String)])
    func aRecordedRefusalSaysWhatItIs(
        _ name: String, _ index: Int, _ code: Int, _ reason: String?, _ words: String
    ) throws {
        let exchange = try Recording.exchanges(name)[index]
        let refusal = KubernetesClient.refusal(exchange.status, exchange.headers, exchange.body)
        #expect(refusal.code == code)
        #expect(refusal.reason == reason)
        #expect(refusal.message.contains(words))
        #expect(refusal.retryAfter == (code == 429 ? .seconds(1) : nil))
    }

    @Test(arguments: [1, 7, 4096, 1 << 20])
    func aRecordedWatchIsTheSameHoweverTheNetworkCutsIt(_ size: Int) throws {
        let exchange = try #require(try Recording.exchanges("watch-events-bookmark").first)
        let bytes = Array((exchange.lines.joined(separator: "\n") + "\n").utf8)
        var splitter = LineSplitter()
        var lines: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let chunk = Array(bytes[start..<min(start + size, bytes.count)])
            lines += try splitter.split(chunk).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(lines == exchange.lines)
    }

    @Test func theRecordedEndOfAStaleWatchIs410() throws {
        let exchange = try #require(try Recording.exchanges("watch-gone-410").last)
        let event = WatchEvent<Pod>(line: Array(try #require(exchange.lines.first).utf8))
        guard case .error(let refusal) = event else {
            Issue.record("not an error: \(event)")
            return
        }
        #expect(refusal.code == 410)
        #expect(refusal.reason == "Expired")
    }
}
