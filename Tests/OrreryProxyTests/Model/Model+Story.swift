/// Who sent what to whom, for whoever has to find out why a schedule went wrong.
extension Model {
    var story: String {
        var lines: [String] = []
        for client in clients {
            lines.append(
                "client \(client.host)\(client.hasEnded ? ", ended" : ""), \(client.unsent.count) bytes unsent")
            for request in client.requests {
                lines.append("  \(request.number): \(request.kind) \(request.method), \(request.content.count) bytes")
                guard let answer = answers[request.number] else { continue }
                let marks = [
                    answer.isEarly ? "early" : nil, answer.isCut ? "cut" : nil, answer.isOpenEnded ? "open" : nil,
                    answer.isSilent ? "silent" : nil, answer.ending == .none ? nil : "\(answer.ending)",
                ].compactMap { $0 }
                lines.append(
                    "     answer \(answer.status), \(answer.content.count) bytes \(marks): \(excerpt(answer.bytes))")
            }
            lines.append("  got \(client.received.count): \(excerpt(client.received))")
        }
        for upstream in upstreams {
            let state = [
                upstream.isMade ? nil : "not made", upstream.hasEnded ? "ended" : nil, isOpen(upstream) ? "open" : nil,
            ].compactMap { $0 }
            lines.append(
                "upstream \(upstream.address) \(state), requests \(upstream.requests), \(upstream.unsent.count) unsent")
        }
        return lines.joined(separator: "\n")
    }

    private func excerpt(_ bytes: [UInt8]) -> String {
        let text = String(
            decoding: bytes.count > 700 ? bytes.prefix(400) + bytes.suffix(200) : bytes[...], as: UTF8.self)
        return text.debugDescription
    }
}
