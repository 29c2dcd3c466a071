import Foundation
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryHub

/// A browser without a screen: keeps cookies by name and path, follows no redirect by itself.
struct TestBrowser {
    let hub: TestHub
    var cookies: [String: (value: String, path: String)] = [:]

    init(_ hub: TestHub) { self.hub = hub }

    @discardableResult
    mutating func get(_ path: String, headers: [(String, String)] = [("Accept", "text/html")]) async throws -> Answer {
        try await send("GET", path, headers: headers)
    }

    @discardableResult
    mutating func post(_ path: String, _ fields: [(name: String, value: String)]) async throws -> Answer {
        try await send(
            "POST", path, headers: [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")],
            body: FormFields.encode(fields))
    }

    mutating func send(
        _ method: String, _ path: String, headers: [(String, String)], body: String? = nil
    ) async throws -> Answer {
        let sent = cookies.filter { path.hasPrefix($0.value.path) }.map { "\($0.key)=\($0.value.value)" }
        let cookie = sent.isEmpty ? [] : [("Cookie", sent.sorted().joined(separator: "; "))]
        let answer = try await hub.send(method, path, headers: headers + cookie, body: body)
        for line in answer.headers.all("Set-Cookie") { keep(line) }
        return answer
    }

    private mutating func keep(_ line: String) {
        let parts = line.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
        let pair = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let path = parts.first { $0.hasPrefix("Path=") }.map { String($0.dropFirst(5)) } ?? "/"
        cookies[pair[0]] = parts.contains("Max-Age=0") ? nil : (pair[1], path)
    }

    /// Logs in as `subject`, whom the issuer knows, by way of the issuer. Gives where the hub sends the browser then.
    @discardableResult
    mutating func logIn(
        as subject: String, at issuer: String = "test", next: String = "/hub/home"
    ) async throws -> Answer {
        let leaving = try await get("/hub/login/\(issuer)?" + FormFields.encode([("next", next)]))
        let state = try #require(leaving.headers["Location"]?.split(separator: "state=").last)
        return try await get("/hub/callback/\(issuer)?code=\(subject)&state=\(state)")
    }

    /// The token that the forms of the home page carry.
    mutating func proof() async throws -> String {
        let page = try await get("/hub/home").text
        let match = try #require(page.firstMatch(of: /name="_xsrf" value="([^"]+)"/), "a form on the home page")
        return String(match.output.1)
    }
}

typealias Answer = FetchResponse

extension FetchResponse {
    var json: JSON? { try? JSONDecoder().decode(JSON.self, from: Data(body)) }
    var location: String? { headers["Location"] }
}

extension TestHub {
    /// One request, as it is.
    func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: String? = nil
    ) async throws -> Answer {
        try await fetcher.fetch(
            FetchRequest(
                method, url: "http://127.0.0.1:\(port)\(path)", headers: headers.map { (name: $0.0, value: $0.1) },
                body: body.map { Array($0.utf8) }, limit: .seconds(60)))
    }

    /// One call of the API with a bearer token.
    func call(_ method: String, _ path: String, token: String, body: JSON? = nil) async throws -> Answer {
        let text = try body.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        return try await send(method, "/hub/api\(path)", headers: [("Authorization", "token \(token)")], body: text)
    }
}
