internal import OrreryModel

/// A label selector as it stands in a query: `app=hub,tier in (a,b),!old`.
struct LabelSelector {
    private enum Requirement {
        case isIn(key: String, values: Set<String>)
        case isNotIn(key: String, values: Set<String>)
        case exists(key: String)
        case isMissing(key: String)
        case isGreater(key: String, than: Int64)
        case isLess(key: String, than: Int64)
    }

    private let requirements: [Requirement]

    /// Throws 400 in the words of a real server's parser.
    init(_ text: String?) throws(Status) {
        var parser = Parser(text ?? "")
        requirements = try parser.requirements()
    }

    var isEmpty: Bool { requirements.isEmpty }

    func matches(_ object: JSON) -> Bool {
        let labels = object["metadata"]?["labels"]
        return requirements.allSatisfy { requirement in
            switch requirement {
            case .isIn(let key, let values): labels?[key]?.string.map(values.contains) ?? false
            case .isNotIn(let key, let values): !(labels?[key]?.string.map(values.contains) ?? false)
            case .exists(let key): labels?[key] != nil
            case .isMissing(let key): labels?[key] == nil
            case .isGreater(let key, let bound):
                (labels?[key]?.string.flatMap { Int64($0) }).map { $0 > bound } ?? false
            case .isLess(let key, let bound): (labels?[key]?.string.flatMap { Int64($0) }).map { $0 < bound } ?? false
            }
        }
    }

    private struct Parser {
        private var tokens: ArraySlice<String>

        init(_ text: String) {
            var tokens: [String] = []
            var word = ""
            func end() {
                if !word.isEmpty { tokens.append(word) }
                word = ""
            }
            for character in text {
                if character.isWhitespace {
                    end()
                } else if "=!<>,()".contains(character) {
                    end()
                    // `==` and `!=` are one token each.
                    if character == "=", let last = tokens.last, last == "=" || last == "!" {
                        tokens[tokens.count - 1] = last + "="
                    } else {
                        tokens.append(String(character))
                    }
                } else {
                    word.append(character)
                }
            }
            end()
            self.tokens = tokens[...]
        }

        mutating func requirements() throws(Status) -> [Requirement] {
            var requirements: [Requirement] = []
            while let token = tokens.popFirst() {
                requirements.append(try requirement(beginning: token))
                guard let separator = tokens.popFirst() else { break }
                guard separator == "," else { throw expected("',' or 'end of string'", found: separator) }
                guard !tokens.isEmpty else { throw expected("identifier after ','", found: "") }
            }
            return requirements
        }

        private mutating func requirement(beginning token: String) throws(Status) -> Requirement {
            if token == "!" {
                return .isMissing(key: try checked(tokens.popFirst() ?? ""))
            }
            guard !Self.marks.contains(token) else { throw expected("!, identifier, or 'end of string'", found: token) }
            let key = try checked(token)
            guard let sign = tokens.first, sign != "," else { return .exists(key: key) }
            tokens.removeFirst()
            switch sign {
            case "=", "==": return .isIn(key: key, values: [try value()])
            case "!=": return .isNotIn(key: key, values: [try value()])
            case "in": return .isIn(key: key, values: try list())
            case "notin": return .isNotIn(key: key, values: try list())
            case ">": return .isGreater(key: key, than: try number())
            case "<": return .isLess(key: key, than: try number())
            default: throw expected("in, notin, =, ==, !=, gt, lt", found: sign)
            }
        }

        private mutating func value() throws(Status) -> String {
            guard let token = tokens.first, token != "," else { return "" }
            guard !Self.marks.contains(token) else { throw expected("identifier", found: token) }
            tokens.removeFirst()
            return token
        }

        private mutating func number() throws(Status) -> Int64 {
            let text = try value()
            guard let number = Int64(text) else {
                throw .badRequest("for 'Gt', 'Lt' operators, the value must be an integer")
            }
            return number
        }

        private mutating func list() throws(Status) -> Set<String> {
            guard tokens.popFirst() == "(" else { throw expected("'('", found: tokens.first ?? "") }
            var values: Set<String> = []
            while let token = tokens.popFirst() {
                if token == ")" { return values }
                if token != "," { values.insert(token) }
            }
            throw expected("',' or ')'", found: "")
        }

        private func checked(_ key: String) throws(Status) -> String {
            guard let sentence = Names.qualified(key).first else { return key }
            throw .badRequest("unable to parse requirement: <nil>: Invalid value: \"\(key)\": \(sentence)")
        }

        private func expected(_ what: String, found token: String) -> Status {
            .badRequest("found '\(token)', expected: \(what)")
        }

        private static let marks: Set<String> = ["=", "==", "!=", "<", ">", ",", "(", ")", "!"]
    }
}
