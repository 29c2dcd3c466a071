import OrreryDocument

/// What an image can run on, as the index of its registry says: `linux/amd64`, `linux/arm64/v8`.
package struct Platform: Hashable, Sendable {
    package let system: String
    package let architecture: String
    package let variant: String?

    package init(system: String, architecture: String, variant: String? = nil) {
        self.system = system
        self.architecture = architecture
        self.variant = variant
    }

    /// Nil for anything that is not two or three words with slashes between them.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard 2...3 ~= parts.count, parts.allSatisfy(Spelling.choice.fits) else { return nil }
        self.init(
            system: String(parts[0]), architecture: String(parts[1]), variant: parts.count == 3 ? String(parts[2]) : nil
        )
    }

    static func list(_ node: DocumentNode?) throws(DocumentError) -> [Platform] {
        var platforms: [Platform] = []
        for element in try node?.list() ?? [] {
            guard let platform = Platform(try element.string()), platform.system == "linux" else {
                throw element.error("a platform such as linux/amd64 or linux/arm64 is wanted here")
            }
            guard !platforms.contains(platform) else { throw element.error("`\(platform)` is written twice") }
            platforms.append(platform)
        }
        if let node, platforms.isEmpty { throw node.error("at least one platform is wanted here") }
        return platforms
    }
}

extension Platform: CustomStringConvertible {
    package var description: String { ([system, architecture] + (variant.map { [$0] } ?? [])).joined(separator: "/") }
}
