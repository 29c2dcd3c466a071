internal import OrreryModel

/// The three ways of changing an object that pocket takes, as pure functions from value to value.
enum Patch {
    /// RFC 7396.
    static func merge(_ target: JSON, _ patch: JSON) -> JSON {
        guard let members = patch.object else { return patch }
        var result: JSON = target.object == nil ? [:] : target
        for (name, value) in members {
            result[name] = value == .null ? JSON?.none : merge(result[name] ?? .null, value)
        }
        return result
    }

    /// Kubernetes' own merge: lists whose elements have a key are merged by it.
    static func strategicMerge(_ target: JSON, _ patch: JSON) -> JSON {
        guard let members = patch.object, target.object != nil else { return merge(.null, patch) }
        if members["$patch"] == "replace" {
            var replacement = patch
            replacement["$patch"] = nil
            return replacement
        }
        var result = target
        for (name, value) in members {
            if value == .null {
                result[name] = nil
            } else if let key = mergeKeys[name], let old = result[name]?.array, let new = value.array {
                result[name] = .array(mergeLists(old, new, by: key))
            } else if name == "finalizers", let old = result[name]?.array, let new = value.array {
                result[name] = .array(old + new.filter { !old.contains($0) })
            } else {
                result[name] = strategicMerge(result[name] ?? .null, value)
            }
        }
        return result
    }

    private static let mergeKeys = [
        "ownerReferences": "uid", "containers": "name", "initContainers": "name", "env": "name", "volumes": "name",
        "volumeMounts": "mountPath", "ports": "containerPort", "imagePullSecrets": "name", "conditions": "type",
    ]

    private static func mergeLists(_ old: [JSON], _ new: [JSON], by key: String) -> [JSON] {
        var result = old
        for element in new {
            let index = result.firstIndex { $0[key] == element[key] }
            switch (index, element["$patch"] == "delete") {
            case (let index?, true): result.remove(at: index)
            case (let index?, false): result[index] = strategicMerge(result[index], element)
            case (nil, false): result.append(element)
            case (nil, true): break
            }
        }
        return result
    }

    /// RFC 6902. Throws 422 for an operation that does not apply, and for a test that fails.
    static func apply(_ operations: JSON, to target: JSON) throws(Status) -> JSON {
        guard let operations = operations.array else { throw .badPatch }
        var result = target
        for operation in operations {
            guard let path = operation["path"]?.string.flatMap(pointer) else { throw .badPatch }
            let value = operation["value"]
            switch operation["op"]?.string {
            case "add": try change(&result, path[...], .add(try present(value)))
            case "replace": try change(&result, path[...], .replace(try present(value)))
            case "remove": try change(&result, path[...], .remove)
            case "test":
                guard let value, self.value(at: path, in: result) == value else { throw .badPatch }
            case "copy", "move":
                guard let from = operation["from"]?.string.flatMap(pointer) else { throw .badPatch }
                let moved = try present(self.value(at: from, in: result))
                if operation["op"] == "move" { try change(&result, from[...], .remove) }
                try change(&result, path[...], .add(moved))
            default: throw .badPatch
            }
        }
        return result
    }

    private enum Change {
        case add(JSON)
        case replace(JSON)
        case remove
    }

    private static func present(_ value: JSON?) throws(Status) -> JSON {
        guard let value else { throw .badPatch }
        return value
    }

    /// The segments of a JSON pointer (RFC 6901).
    private static func pointer(_ text: String) -> [String]? {
        if text.isEmpty { return [] }
        guard text.hasPrefix("/") else { return nil }
        return text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .map { String($0.replacing("~1", with: "/").replacing("~0", with: "~")) }
    }

    private static func value(at path: [String], in target: JSON) -> JSON? {
        path.reduce(target as JSON?) { value, segment in
            guard let array = value?.array else { return value?[segment] }
            guard let index = Int(segment), array.indices.contains(index) else { return nil }
            return array[index]
        }
    }

    private static func change(_ target: inout JSON, _ path: ArraySlice<String>, _ change: Change) throws(Status) {
        guard let segment = path.first else {
            switch change {
            case .add(let value), .replace(let value): target = value
            case .remove: throw .badPatch
            }
            return
        }
        let rest = path.dropFirst()
        if var array = target.array {
            try self.change(&array, segment, rest, change)
            target = .array(array)
        } else if target.object != nil {
            if rest.isEmpty {
                target[segment] = try member(target[segment], change)
            } else {
                guard var inner = target[segment] else { throw .badPatch }
                try self.change(&inner, rest, change)
                target[segment] = inner
            }
        } else {
            throw .badPatch
        }
    }

    private static func member(_ old: JSON?, _ change: Change) throws(Status) -> JSON? {
        switch change {
        case .add(let value): return value
        case .replace(let value):
            guard old != nil else { throw .badPatch }
            return value
        case .remove:
            guard old != nil else { throw .badPatch }
            return nil
        }
    }

    private static func change(
        _ array: inout [JSON], _ segment: String, _ rest: ArraySlice<String>, _ change: Change
    ) throws(Status) {
        let index = segment == "-" ? array.count : Int(segment) ?? -1
        if rest.isEmpty, case .add(let value) = change, (0...array.count).contains(index) {
            return array.insert(value, at: index)
        }
        guard array.indices.contains(index) else { throw .badPatch }
        guard rest.isEmpty else { return try self.change(&array[index], rest, change) }
        switch change {
        case .replace(let value): array[index] = value
        case .remove: array.remove(at: index)
        case .add: throw .badPatch
        }
    }
}
