import Foundation
import Yams

extension DocumentNode {
    /// The root of the YAML document in the file at `path`. A file that cannot be read is an error at its first line.
    package static func read(file path: String) throws(DocumentError) -> DocumentNode {
        try parse(try text(ofFile: path), file: path)
    }

    /// What stands in the file at `path`, which has to be UTF-8; otherwise an error at its first line.
    package static func text(ofFile path: String) throws(DocumentError) -> String {
        let start = Place(file: path, line: 1, column: 1)
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw DocumentError(place: start, message: "the file cannot be read: \(reason(error))")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DocumentError(place: start, message: "the file is not UTF-8 text")
        }
        return text
    }

    /// The root of the one YAML document in `text`. `file` names it in errors, and relative paths in it are counted from
    /// that file's directory. Anchors, aliases, merge keys and tags are refused: what stands at a place is all there is.
    package static func parse(_ text: String, file: String) throws(DocumentError) -> DocumentNode {
        let text = text.unicodeScalars.first == byteOrderMark ? String(text.unicodeScalars.dropFirst()) : text
        do {
            // The parser owns the anchors, which its nodes only refer to weakly: it has to outlive the conversion.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            return try withExtendedLifetime(parser) { () throws -> DocumentNode in
                guard let root = try parser.singleRoot() else {
                    throw DocumentError(place: Place(file: file, line: 1, column: 1), message: "the document is empty")
                }
                return try DocumentNode(root, file: file, path: "")
            }
        } catch let error as DocumentError {
            throw error
        } catch let error as YamlError {
            throw DocumentError(error, text: text, file: file)
        } catch {
            throw DocumentError(place: Place(file: file, line: 1, column: 1), message: "this is not YAML: \(error)")
        }
    }

    /// Some editors begin a file with it. It is no part of the text.
    private static let byteOrderMark: Unicode.Scalar = "\u{FEFF}"

    private init(_ node: Node, file: String, path: String) throws(DocumentError) {
        let place = Place(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        try Self.refuseExtras(of: node, at: place)
        let content: Content
        switch node {
        case .scalar(let scalar):
            content = .scalar(scalar.string, isPlain: scalar.style == .plain)
        case .sequence(let sequence):
            var elements: [DocumentNode] = []
            for (index, element) in sequence.enumerated() {
                elements.append(try DocumentNode(element, file: file, path: "\(path)[\(index)]"))
            }
            content = .list(elements)
        case .mapping(let mapping):
            content = .mapping(try Self.entries(of: mapping, file: file, path: path))
        case .alias:
            throw DocumentError(place: place, message: "aliases are not supported here: write the value out")
        }
        self.init(place: place, path: path, content: content)
    }

    private static func entries(
        of mapping: Node.Mapping, file: String, path: String
    ) throws(DocumentError) -> [Entry] {
        var entries: [Entry] = []
        var seen: Set<String> = []
        for (key, value) in mapping {
            let place = Place(file: file, line: key.mark?.line ?? 1, column: key.mark?.column ?? 1)
            guard case .scalar(let scalar) = key, scalar.string != "<<" || scalar.style != .plain else {
                throw DocumentError(place: place, message: "a key has to be a plain text; merge keys are not supported")
            }
            try refuseExtras(of: key, at: place)
            guard seen.insert(scalar.string).inserted else {
                throw DocumentError(place: place, message: "the key `\(scalar.string)` is written twice")
            }
            let inner = path.isEmpty ? scalar.string : "\(path).\(scalar.string)"
            entries.append(
                Entry(key: scalar.string, place: place, value: try DocumentNode(value, file: file, path: inner)))
        }
        return entries
    }

    private static func refuseExtras(of node: Node, at place: Place) throws(DocumentError) {
        guard node.anchor == nil else {
            throw DocumentError(place: place, message: "anchors are not supported here: write the value out")
        }
        let tag =
            switch node {
            case .scalar(let scalar): scalar.tag
            case .sequence(let sequence): sequence.tag
            case .mapping(let mapping): mapping.tag
            case .alias(let alias): alias.tag
            }
        // Yams gives every quoted scalar the tag of a string.
        guard ["", Tag.Name.str.rawValue].contains(tag.description) else {
            throw DocumentError(place: place, message: "the tag \(tag.description) is not supported here")
        }
    }
}

extension DocumentError {
    /// What libYAML found, in its own words, with its mark as the place.
    fileprivate init(_ error: YamlError, text: String, file: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let sentence =
                [context?.text, problem].compactMap { $0 }.joined(separator: ", ")
                + (Self.isIndentedWithTabs(text, line: mark.line) ? "; indent with spaces, not tabs" : "")
            self.init(
                place: Place(file: file, line: mark.line, column: mark.column), message: "this is not YAML: \(sentence)"
            )
        case .duplicatedKeysInMapping(let keys, let context):
            self.init(
                place: Place(file: file, line: context.mark.line, column: context.mark.column),
                message: "the key `\(keys.first ?? "")` is written twice; this is the first")
        case .reader(let problem, let offset, _, _):
            self.init(place: Self.place(of: offset ?? 0, in: text, file: file), message: "this is not YAML: \(problem)")
        default:
            self.init(place: Place(file: file, line: 1, column: 1), message: "this is not YAML: \(error)")
        }
    }

    /// libYAML only says that it found a character which cannot stand there.
    private static func isIndentedWithTabs(_ text: String, line: Int) -> Bool {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.indices.contains(line - 1) else { return false }
        return lines[line - 1].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            .contains(UInt8(ascii: "\t"))
    }

    private static func place(of offset: Int, in text: String, file: String) -> Place {
        let lines = text.prefix(offset).split(separator: "\n", omittingEmptySubsequences: false)
        return Place(file: file, line: lines.count, column: (lines.last?.unicodeScalars.count ?? 0) + 1)
    }
}
