import Foundation
import OrreryModel

/// What conditions make of the objects that come back.
struct Rewriting {
    let conditions: [Fault.Action]

    var isEmpty: Bool { conditions.isEmpty }

    /// The body of an answer: one object, or a list of them. What is no JSON stays as it is.
    func body(_ bytes: [UInt8]) -> [UInt8] {
        change(bytes) { whole in
            if let items = whole["items"]?.array {
                whole["items"] = .array(items.map(object))
                whole = versions(whole)
            } else {
                whole = object(whole)
            }
        }
    }

    /// A line of a watch.
    func line(_ bytes: [UInt8]) -> [UInt8] {
        change(bytes) { line in
            guard let inner = line["object"], line["type"]?.string != "ERROR" else { return }
            line["object"] = line["type"]?.string == "BOOKMARK" ? versions(inner) : object(inner)
        }
    }

    /// Path and query of a request: the versions in it are what the upstream calls them.
    func target(_ target: String) -> String {
        let back = back
        guard back != 0, let mark = target.firstRange(of: "resourceVersion=") else { return target }
        let digits = target[mark.upperBound...].prefix(while: \.isNumber)
        guard let version = Int64(digits), version > 0 else { return target }
        return String(target[..<mark.upperBound]) + String(version + back) + target[digits.endIndex...]
    }

    var seconds: Double {
        conditions.reduce(0) { sum, condition in
            guard case .clock(let seconds) = condition else { return sum }
            return sum + seconds
        }
    }

    private var back: Int64 {
        conditions.reduce(0) { sum, condition in
            guard case .versions(let back) = condition else { return sum }
            return sum + back
        }
    }

    private func change(_ bytes: [UInt8], _ how: (inout JSON) -> Void) -> [UInt8] {
        guard !isEmpty, var whole = try? JSONDecoder().decode(JSON.self, from: Data(bytes)) else { return bytes }
        how(&whole)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return (try? encoder.encode(whole)).map { Array($0) } ?? bytes
    }

    private func object(_ original: JSON) -> JSON {
        var object = versions(original)
        if seconds != 0 { object = shifted(object) }
        for case .rewrite(let name, let drop, let set) in conditions {
            guard name == nil || object["metadata"]?["name"]?.string == name else { continue }
            for path in drop ?? [] { Self.put(nil, at: Self.steps(path), in: &object) }
            for (path, value) in set ?? [:] { Self.put(value, at: Self.steps(path), in: &object) }
        }
        return object
    }

    private func versions(_ original: JSON) -> JSON {
        guard back != 0, let text = original["metadata"]?["resourceVersion"]?.string, let version = Int64(text) else {
            return original
        }
        var object = original
        object["metadata"]?["resourceVersion"] = .string(String(max(1, version - back)))
        return object
    }

    /// All timestamps in whole seconds, wherever they stand.
    private func shifted(_ value: JSON) -> JSON {
        switch value {
        case .string(let text): Self.moved(text, by: seconds).map { .string($0) } ?? value
        case .array(let values): .array(values.map(shifted))
        case .object(let members): .object(members.mapValues(shifted))
        default: value
        }
    }

    private static func moved(_ text: String, by seconds: Double) -> String? {
        guard text.utf8.count == 20, text.hasSuffix("Z"), let date = try? Date(text, strategy: .iso8601) else {
            return nil
        }
        return (date + seconds).formatted(.iso8601)
    }

    private static func steps(_ path: String) -> ArraySlice<String> { path.split(separator: "/").map(String.init)[...] }

    /// Puts `value`, or nothing, where the steps lead. `*` stands for every element of a list.
    private static func put(_ value: JSON?, at steps: ArraySlice<String>, in object: inout JSON) {
        guard let step = steps.first else { return }
        let rest = steps.dropFirst()
        if let elements = object.array {
            let changed = elements.enumerated().map { index, element -> JSON in
                guard step == "*" || step == String(index) else { return element }
                var element = element
                if rest.isEmpty { element = value ?? .null } else { put(value, at: rest, in: &element) }
                return element
            }
            object = .array(changed)
        } else if rest.isEmpty {
            object[step] = value
        } else {
            var inner = object[step] ?? .object([:])
            guard value != nil || object[step] != nil else { return }
            put(value, at: rest, in: &inner)
            object[step] = inner
        }
    }
}
