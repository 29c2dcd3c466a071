import Foundation
import OrreryModel

/// The control interface, on a port of its own:
///
/// | request | |
/// |---|---|
/// | `POST /faults` with a `Fault` | adds it: `{"number": 3}` |
/// | `GET /faults/3` | how many requests it has harmed: `{"hits": 1}` |
/// | `DELETE /faults`, `DELETE /faults/3` | takes all away, or one |
/// | `GET /calls`, `DELETE /calls` | every request so far, in order, each a `Call`; forgets them |
/// | `POST /watches` with `{"path": "/pods", "bytes": "…"}` or `{"path": "/pods", "end": "cut"}` | to the watches that are open now: `{"watches": 1}` |
extension FaultDouble {
    func control(_ request: Incoming, _ out: Listener.Writer) async throws -> Bool {
        let parts = request.path.split(separator: "/").map(String.init)
        let number = parts.dropFirst().first.flatMap { Int($0) }
        do {
            switch (request.method, parts.first) {
            case ("POST", "faults"):
                let fault = try JSONDecoder().decode(Fault.self, from: Data(request.body))
                try await tell(["number": .integer(Int64(add(fault)))], out)
            case ("GET", "faults"): try await tell(["hits": .integer(Int64(number.map(hits) ?? 0))], out)
            case ("DELETE", "faults"):
                remove(number)
                try await tell([:], out)
            case ("GET", "calls"):
                try await out.answer(
                    200, [("Content-Type", "application/json")], Array(try JSONEncoder().encode(calls)))
            case ("DELETE", "calls"):
                forgetCalls()
                try await tell([:], out)
            case ("POST", "watches"):
                let wish = try JSONDecoder().decode(Wish.self, from: Data(request.body))
                let count = watches(path: wish.path ?? "", try wish.interference)
                try await tell(["watches": .integer(Int64(count))], out)
            default: try await out.answer(404, [], Array("there are /faults, /calls and /watches\n".utf8))
            }
        } catch let error as DecodingError {
            try await out.answer(400, [], Array("\(error)\n".utf8))
        }
        return true
    }

    private func tell(_ answer: JSON, _ out: Listener.Writer) async throws {
        try await out.answer(200, [("Content-Type", "application/json")], Array(try JSONEncoder().encode(answer)))
    }

    private struct Wish: Decodable {
        let path: String?
        let bytes: String?
        let end: Fault.End?

        var interference: Interference {
            get throws {
                if let bytes { return .bytes(bytes) }
                if let end { return .end(end) }
                throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "`bytes` or `end` is needed"))
            }
        }
    }
}
