internal import OrreryModel

/// The images that are on this machine, found by reference.
struct ImageCatalog: Sendable {
    struct Image: Sendable {
        /// What goes into `imageID`.
        let id: String
        let content: PocketConfiguration.Image.Content

        /// The directory that the image's paths are looked up in.
        var root: String {
            switch content {
            case .environment: "/"
            case .root(let path): path
            }
        }
    }

    enum Failure: Error, Equatable {
        /// Not an image reference at all; the runtime's sentence about it.
        case invalid(String)
        /// No image of that name is here, and there is nowhere to pull it from.
        case missing(String)
        /// It is configured, but what stands for it is not there.
        case broken(String)
    }

    private let images: [PocketConfiguration.Image]

    init(_ images: [PocketConfiguration.Image]) { self.images = images }

    /// The names under which the node lists its images.
    var names: [String] { images.map { image in image.digest.map { "\(image.name)@\($0)" } ?? image.reference } }

    func image(for text: String) throws(Failure) -> Image {
        let reference = try ImageReference(text)
        let found = images.first { image in
            guard ImageReference.familiar(image.name) == reference.name else { return false }
            // As a runtime does: with a digest, the tag is only an ornament.
            if let digest = reference.digest { return image.digest == digest }
            return image.tag == reference.tag ?? "latest"
        }
        guard let found else { throw .missing("failed to resolve reference \"\(text)\": \(text): not found") }
        try check(found)
        return Image(id: found.digest.map { "\(found.name)@\($0)" } ?? found.reference, content: found.content)
    }

    private func check(_ image: PocketConfiguration.Image) throws(Failure) {
        switch image.content {
        case .environment(let path):
            guard FileBytes.exists("\(path)/pyvenv.cfg") else {
                throw .broken("\(path) stands for \(image.name) but is no virtual environment")
            }
        case .root(let path):
            guard FileBytes.isDirectory(path) else {
                throw .broken("\(path) stands for \(image.name) but is no directory")
            }
        }
    }
}

extension PocketConfiguration.Image {
    fileprivate var reference: String { "\(name):\(tag ?? "latest")" }
}

/// An image reference in parts: `registry.example/lab:1@sha256:…`.
struct ImageReference: Equatable {
    let name: String
    let tag: String?
    let digest: String?

    init(_ text: String) throws(ImageCatalog.Failure) {
        var rest = text[...]
        var digest: String?
        if let at = rest.firstIndex(of: "@") {
            digest = String(rest[rest.index(after: at)...])
            rest = rest[..<at]
        }
        var tag: String?
        let last = rest.lastIndex(of: "/") ?? rest.startIndex
        if let colon = rest[last...].lastIndex(of: ":") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        let sound =
            Self.isTag(tag) && Self.isDigest(digest)
            && !rest.isEmpty && rest.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(Self.isPart)
        let path = Self.path(of: rest)
        guard path == path.lowercased() else {
            throw .invalid(Self.sentence(text, "repository name (\(path)) must be lowercase"))
        }
        guard sound else { throw .invalid(Self.sentence(text, nil)) }
        name = Self.familiar(String(rest))
        self.tag = tag
        self.digest = digest
    }

    /// The name with what a runtime adds to a short one: `busybox` is `docker.io/library/busybox`.
    static func familiar(_ name: String) -> String {
        guard domain(of: name[...]) == nil else { return name }
        return name.contains("/") ? "docker.io/\(name)" : "docker.io/library/\(name)"
    }

    private static func path(of name: Substring) -> Substring {
        guard let domain = domain(of: name) else { return name }
        return name.dropFirst(domain.count + 1)
    }

    /// The first component when it is a host rather than a folder of the default registry.
    private static func domain(of name: Substring) -> Substring? {
        guard let slash = name.firstIndex(of: "/") else { return nil }
        let first = name[..<slash]
        let isHost = first.contains(".") || first.contains(":") || first == "localhost" || first.lowercased() != first
        return isHost ? first : nil
    }

    private static func isPart(_ part: Substring) -> Bool {
        guard let first = part.first, let last = part.last else { return false }
        return part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-:".contains($0)) }
            && (first.isLetter || first.isNumber) && (last.isLetter || last.isNumber)
    }

    private static func isTag(_ tag: String?) -> Bool {
        guard let tag else { return true }
        return (1...128).contains(tag.count) && !".-".contains(tag.first ?? "-")
            && tag.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    }

    private static func isDigest(_ digest: String?) -> Bool {
        guard let digest else { return true }
        return digest.hasPrefix("sha256:") && digest.count == 71
            && digest.dropFirst(7).allSatisfy { $0.isASCII && $0.isHexDigit && !$0.isUppercase }
    }

    private static func sentence(_ text: String, _ detail: String?) -> String {
        let problem = "couldn't parse image name \"\(text)\": invalid reference format"
        return "Failed to apply default image tag \"\(text)\": \(problem)" + (detail.map { ": \($0)" } ?? "")
    }
}
