package import OrreryDocument
import OrreryModel

/// A path with holes for the person it is made for: `/home/{user}`, `g/{group}`. Each segment is a fixed text with at
/// most one hole, so two people never share an expansion: `{user}-{group}` could be made by two different pairs.
package struct PathTemplate: Hashable, Sendable {
    package enum Hole: String, Hashable, Sendable, CaseIterable {
        case user
        case uid
        case gid
        case group
    }

    struct Segment: Hashable, Sendable {
        let before: String
        let hole: Hole?
        let after: String
    }

    let segments: [Segment]
    let isAbsolute: Bool

    /// The template in `node`. With `absolute` it must begin with `/` and with a fixed directory; otherwise it is a path
    /// inside something, where `.` is that thing itself.
    package init(_ node: DocumentNode, absolute: Bool) throws(DocumentError) {
        let text = try node.string()
        if let message = Self.objection(to: text, absolute: absolute) { throw node.error(message) }
        let pieces = text == "." ? [] : text.split(separator: "/")
        var segments: [Segment] = []
        for piece in pieces { segments.append(try Self.segment(piece, node)) }
        if absolute, segments.first?.hole != nil {
            throw node.error("the path `\(text)` must begin with a fixed directory, not with a hole")
        }
        self.segments = segments
        isAbsolute = absolute
    }

    private static func objection(to text: String, absolute: Bool) -> String? {
        if text.hasPrefix("/") != absolute {
            return absolute ? "the path `\(text)` must begin with `/`" : "the path `\(text)` must not begin with `/`"
        }
        if text == (absolute ? "/" : ".") { return nil }
        let pieces = text.dropFirst(absolute ? 1 : 0).split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.allSatisfy({ !["", ".", ".."].contains($0) }) else {
            return "the path `\(text)` is not in its simplest form: no `//`, `.`, `..` or `/` at its end"
        }
        return nil
    }

    private static func segment(_ piece: Substring, _ node: DocumentNode) throws(DocumentError) -> Segment {
        let parts = piece.split(separator: "{", omittingEmptySubsequences: false)
        let rest = parts.dropFirst().first?.split(separator: "}", omittingEmptySubsequences: false) ?? []
        let fixed = [parts[0]] + rest.dropFirst()
        guard parts.count <= 2, parts.count == 1 || rest.count == 2,
            fixed.allSatisfy({ $0.isEmpty || Spelling.path.fits($0) })
        else {
            throw node.error("the segment `\(piece)` may have letters, digits, `._+@=-`, and at most one hole")
        }
        guard let name = rest.first else { return Segment(before: String(piece), hole: nil, after: "") }
        guard let hole = Hole(rawValue: String(name)) else {
            let hint = nearestName(to: String(name), among: Hole.allCases.map(\.rawValue))
            throw node.error(
                "the hole `{\(name)}` is unknown; "
                    + (hint.map { "did you mean `{\($0)}`?" } ?? "known are {user}, {uid}, {gid} and {group}"))
        }
        return Segment(before: String(parts[0]), hole: hole, after: String(rest[1]))
    }

    package var holes: Set<Hole> { Set(segments.compactMap(\.hole)) }

    /// The path with its holes filled; nil where one has no value.
    func filled(with values: [Hole: String]) -> FilePath? {
        var filled: [String] = []
        for segment in segments {
            guard let hole = segment.hole else {
                filled.append(segment.before)
                continue
            }
            guard let value = values[hole] else { return nil }
            filled.append(segment.before + value + segment.after)
        }
        return FilePath(segments: filled)
    }

    /// The path itself, if it has no holes.
    var fixed: FilePath? { filled(with: [:]) }

    /// Whether the text of one of both continues the other: the nesting that somebody declared, as opposed to one that
    /// happens when a group is called like a directory.
    func isNested(with other: PathTemplate) -> Bool {
        zip(segments, other.segments).allSatisfy { $0 == $1 }
    }
}

extension PathTemplate: CustomStringConvertible {
    package var description: String {
        let text = segments.map { segment in
            segment.before + (segment.hole.map { "{\($0.rawValue)}" } ?? "") + segment.after
        }.joined(separator: "/")
        return isAbsolute ? "/\(text)" : text.isEmpty ? "." : text
    }
}

/// A path in its simplest form, as its segments.
struct FilePath: Hashable, Sendable {
    let segments: [String]

    var absolute: String { "/" + segments.joined(separator: "/") }
    /// Nil for the root itself.
    var relative: String? { segments.isEmpty ? nil : segments.joined(separator: "/") }

    /// Whether one of both is the other or lies in it.
    func meets(_ other: FilePath) -> Bool {
        zip(segments, other.segments).allSatisfy { $0 == $1 }
    }
}

extension PathTemplate {
    private init() {
        segments = []
        isAbsolute = false
    }

    /// The thing itself, of which every other relative path is a part.
    package static let root = PathTemplate()
}
