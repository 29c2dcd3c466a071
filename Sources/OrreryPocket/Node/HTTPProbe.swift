internal import OrreryModel

/// A GET whose answer's status says how a container is: 200 to 399 is well. A redirection is not followed.
struct HTTPProbe: Equatable, Sendable {
    struct Header: Equatable, Sendable {
        let name: String
        let value: String
    }

    let host: String
    let port: UInt16
    let path: String
    var headers: [Header] = []

    var url: String { "http://\(host):\(port)\(path)" }

    func run(timeout: Duration) async -> ProbeRunner.Result {
        let deadline = ContinuousClock.now + timeout
        let socket: LoopbackSocket
        do {
            socket = try await LoopbackSocket.connect(to: host, port, until: deadline)
        } catch {
            guard !error.isTimeout else { return late }
            return .failure("Get \"\(url)\": dial tcp \(host):\(port): connect: \(error.reason)")
        }
        var answer: [UInt8] = []
        do {
            try await socket.send(Array(request.utf8))
            while !answer.contains(UInt8(ascii: "\n")), answer.count < 4096 {
                let bytes = try await socket.receive()
                guard !bytes.isEmpty else { break }
                answer += bytes
            }
        } catch {
            return error.isTimeout ? late : .failure("Get \"\(url)\": \(error.reason)")
        }
        return verdict(on: answer)
    }

    private var late: ProbeRunner.Result {
        .failure("Get \"\(url)\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
    }

    private var request: String {
        var lines = ["GET \(path) HTTP/1.1"]
        let own = headers.map { $0.name.lowercased() }
        let usual = [
            ("Host", "\(host):\(port)"), ("User-Agent", "kube-probe/1.36"), ("Accept", "*/*"), ("Connection", "close"),
        ]
        lines += usual.filter { !own.contains($0.0.lowercased()) }.map { "\($0.0): \($0.1)" }
        lines += headers.map { "\($0.name): \($0.value)" }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    private func verdict(on answer: [UInt8]) -> ProbeRunner.Result {
        let line = String(decoding: answer.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let words = line.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count >= 2, words[0].hasPrefix("HTTP/"), let status = Int(words[1].prefix(3)) else {
            return .failure("Get \"\(url)\": EOF")
        }
        guard (200..<400).contains(status) else {
            return .failure("HTTP probe failed with statuscode: \(status)")
        }
        return .success
    }
}
