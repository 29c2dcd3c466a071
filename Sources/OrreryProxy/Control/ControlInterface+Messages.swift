internal import OrreryWire

extension ControlInterface {
    /// A request to whoever answers the operator's questions.
    struct Request {
        var method: String
        /// As sent, without the query.
        var path: String
        /// With its question mark; empty for none.
        var query: String = ""
        var host: String?
        var authorization: String?
        var body: [UInt8] = []

        /// The value of a parameter of the query; nil when it is not there or empty.
        func parameter(_ name: String) -> String? {
            for pair in query.drop(while: { $0 == "?" }).split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[0] == name else { continue }
                return Self.unescaped(parts[1])
            }
            return nil
        }

        /// A plus stays one: whoever sends a time zone means it, whatever forms say.
        private static func unescaped(_ text: Substring) -> String {
            var bytes: [UInt8] = []
            var rest = Array(text.utf8)[...]
            while let byte = rest.popFirst() {
                if byte == UInt8(ascii: "%"), rest.count >= 2, let high = rest[rest.startIndex].hexValue,
                    let low = rest[rest.startIndex + 1].hexValue
                {
                    bytes.append(high << 4 | low)
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(byte)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    struct Answer: Equatable {
        var status: Int
        var type: String?
        /// More of its fields, as lines without their end.
        var lines: [String] = []
        var body: [UInt8] = []

        /// A sentence; or nothing, which is what a hub expects of most answers.
        static func text(_ status: Int, _ text: String) -> Answer {
            Answer(status: status, type: plain, body: Array(text.utf8))
        }

        static func json(_ body: [UInt8]) -> Answer { Answer(status: 200, type: "application/json", body: body) }

        static func unsupported(_ methods: [String]) -> Answer {
            var answer = text(405, "Method not supported")
            answer.lines = ["Allow: \(methods.joined(separator: ", "))"]
            return answer
        }

        /// The sentence, if that is all there is.
        var reason: String { type == Self.plain ? String(decoding: body, as: UTF8.self) : "" }

        private static let plain = "text/plain; charset=utf-8"
    }
}
