import Foundation
import OrreryFetch
import OrreryModel

extension FaultDouble {
    /// Answers one request of the API; false closes the connection.
    func answer(_ request: Incoming, _ out: Listener.Writer) async throws -> Bool {
        let strikes = book.strikes(request)
        let call = book.note(request, wasHarmed: !strikes.isEmpty)
        var last: Fault.Action?
        for (number, action) in strikes {
            switch action {
            case .delay(let seconds): try await Task.sleep(for: .seconds(seconds))
            case .hold: while book.holds(number) { try await Task.sleep(for: .milliseconds(2)) }
            default: last = action
            }
        }
        switch last {
        case .refuse(let refusal):
            let (status, headers, body) = refusal.answer
            return try await reply(status, headers, Array(body.utf8), to: request, call, out)
        case .answer(let status, let headers, let body):
            let fields = (headers ?? [:]).map { ($0.key, $0.value) }
            return try await reply(status, fields, Array((body ?? "").utf8), to: request, call, out)
        case .lose(.request): return false
        case .lose(.answer):
            let answer: FetchStream = try await fetcher.stream(upstream.request(request, target: request.target))
            if !request.isWatch { _ = try await answer.collect(upTo: 64 << 20) }
            return false
        case .stall:
            // Ends when the client leaves.
            try await Task.sleep(for: .seconds(86_400))
            return false
        case .stick: return try await stick(request, call, out)
        default: return try await forward(request, last, call, out)
        }
    }

    private func reply(
        _ status: Int, _ headers: [(String, String)], _ body: [UInt8], to request: Incoming, _ call: Int,
        _ out: Listener.Writer
    ) async throws -> Bool {
        book.note(status: status, of: call)
        var headers = headers
        if !headers.contains(where: { $0.0.lowercased() == "content-type" }) {
            headers.append(("Content-Type", body.first == UInt8(ascii: "{") ? "application/json" : "text/plain"))
        }
        headers.append(("Date", Self.date(Date() + Rewriting(conditions: book.conditions(request)).seconds)))
        try await out.answer(status, headers, body)
        return true
    }

    private func forward(
        _ request: Incoming, _ action: Fault.Action?, _ call: Int, _ out: Listener.Writer
    ) async throws -> Bool {
        let rewriting = Rewriting(conditions: book.conditions(request))
        let sent = upstream.request(request, target: rewriting.target(request.target))
        do {
            let answer: FetchStream = try await fetcher.stream(sent)
            guard request.isWatch, answer.status == 200 else {
                let body = rewriting.body(try await answer.collect(upTo: 64 << 20))
                let kept = ["content-type", "retry-after", "warning"]
                let headers = answer.headers.fields.filter { kept.contains($0.name.lowercased()) }
                return try await reply(
                    answer.status, headers.map { ($0.name, $0.value) }, body, to: request, call, out)
            }
            book.note(status: 200, of: call)
            try await relay(answer, OpenWatch(request), action, out)
            return false
        } catch is FetchError {
            // The server behind is away: to the client it is as if this one had broken off.
            return false
        }
    }

    /// Answers a DELETE as if it would be carried out; from then on the object is Terminating.
    private func stick(_ request: Incoming, _ call: Int, _ out: Listener.Writer) async throws -> Bool {
        let read = Incoming(method: "GET", target: request.path, headers: request.headers, body: [])
        let found = try await fetcher.fetch(upstream.request(read, target: read.target))
        guard found.status == 200 else { return try await reply(found.status, [], found.body, to: request, call, out) }
        let name = request.path.split(separator: "/").last.map(String.init)
        let collection = request.path.split(separator: "/").dropLast().joined(separator: "/")
        let set: [String: JSON] = [
            "/metadata/deletionTimestamp": .string(Date().formatted(.iso8601)),
            "/metadata/deletionGracePeriodSeconds": 30,
        ]
        add(Fault(.rewrite(name: name, drop: nil, set: set), on: .init(path: collection)))
        let body = Rewriting(conditions: book.conditions(request)).body(found.body)
        let line = Array(#"{"type":"MODIFIED","object":"#.utf8) + body + Array("}\n".utf8)
        for watch in book.watches(Fault.Match(path: collection)) { watch.send(.bytes(line)) }
        return try await reply(200, [], body, to: request, call, out)
    }

    private static func date(_ moment: Date) -> String {
        let style = Date.VerbatimFormatStyle(
            format:
                "\(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits) GMT",
            locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
        return style.format(moment)
    }
}
