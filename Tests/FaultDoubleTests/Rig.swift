import Foundation
import OrreryFetch
import OrreryModel
import Synchronization

@testable import FaultDouble

/// A double in front of a server that answers every read with one pod, and every watch with three lines.
struct Rig {
    let double: FaultDouble
    let fetcher = Fetcher()
    /// What reached the server behind, as `METHOD target`.
    let reached: @Sendable () -> [String]

    static func run(_ work: (Rig) async throws -> Void) async throws {
        let reached = Mutex<[String]>([])
        let server = try await Listener(port: 0)
        let double = try await FaultDouble(Upstream("http://127.0.0.1:\(server.port)"))
        let serving = Task {
            try await server.serve { request, out in
                reached.withLock { $0.append("\(request.method) \(request.target)") }
                guard request.isWatch else {
                    try await out.answer(200, [("Content-Type", "application/json")], Array(pod("a", 9000).utf8))
                    return true
                }
                try await out.write(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8))
                for version in 9001...9003 {
                    try await out.chunk(Array(#"{"type":"MODIFIED","object":\#(pod("a", version))}"#.utf8 + [10]))
                }
                try await Task.sleep(for: .seconds(60))
                return false
            }
        }
        let doubling = Task { try await double.run() }
        defer {
            serving.cancel()
            doubling.cancel()
        }
        try await work(Rig(double: double, reached: { reached.withLock { $0 } }))
    }

    func send(_ method: String, _ target: String = "/api/v1/namespaces/hub/pods/a") async throws -> FetchResponse {
        try await fetcher.fetch(FetchRequest(method, url: double.server + target, limit: .seconds(60)))
    }

    func get() async throws -> JSON { try JSONDecoder().decode(JSON.self, from: Data(try await send("GET").body)) }

    func watch(version: Int = 9000) async throws -> FetchStream {
        let target = "/api/v1/namespaces/hub/pods?watch=1&resourceVersion=\(version)"
        return try await fetcher.stream(FetchRequest(url: double.server + target, limit: nil))
    }

    func control(_ method: String, _ path: String, _ body: String = "") async throws -> FetchResponse {
        try await fetcher.fetch(
            FetchRequest(
                method, url: "http://127.0.0.1:\(double.controlPort)\(path)",
                body: body.isEmpty ? nil : Array(body.utf8)))
    }
}

/// The next whole lines of a watch; fewer when it ends.
func lines(_ count: Int, of stream: FetchStream) async throws -> [String] {
    var text = ""
    var chunks = stream.makeAsyncIterator()
    while text.split(separator: "\n").count < count || !text.hasSuffix("\n") {
        guard let chunk = try await chunks.next() else { break }
        text += String(decoding: chunk, as: UTF8.self)
    }
    return text.split(separator: "\n").map(String.init)
}

func pod(_ name: String, _ version: Int) -> String {
    """
    {"metadata":{"name":"\(name)","resourceVersion":"\(version)","creationTimestamp":"2026-11-22T12:00:00Z"},\
    "spec":{"securityContext":{"supplementalGroupsPolicy":"Strict"},"containers":[{"name":"c"}]},\
    "status":{"podIP":"10.0.0.1"}}
    """
}
