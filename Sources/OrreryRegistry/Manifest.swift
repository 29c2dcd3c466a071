import Foundation
import OrreryModel

/// A manifest as far as it says what an image is: an index of several platforms, or one image with its configuration.
struct Manifest {
    enum Content: Hashable {
        case index([String])
        /// The digest of the configuration.
        case image(String)
    }

    let content: Content

    static let types = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
    ]

    init(_ body: [UInt8], of name: String, at host: String) throws(RegistryError) {
        let manifest = try? JSONDecoder().decode(JSON.self, from: Data(body))
        if let entries = manifest?["manifests"]?.array {
            // What was signed or scanned lies in the index too, for a platform `unknown`.
            let platforms = entries.compactMap { $0["platform"].flatMap(Self.platform) }.filter {
                !$0.hasPrefix("unknown")
            }
            content = .index(Set(platforms).sorted())
        } else if let digest = manifest?["config"]?["digest"]?.string,
            digest.wholeMatch(of: /sha256:[0-9a-f]{64}/) != nil
        {
            content = .image(digest)
        } else {
            throw RegistryError(
                .broken, "what \(host) has as \(name) is no image", next: "push it again in a newer format")
        }
    }

    /// `linux/arm64/v8` for what an index or a configuration says; nil where it does not.
    private static func platform(_ said: JSON) -> String? {
        guard let system = said["os"]?.string, let architecture = said["architecture"]?.string, !system.isEmpty,
            !architecture.isEmpty
        else { return nil }
        let variant = said["variant"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        return [system, architecture, variant].compactMap { $0 }.joined(separator: "/")
    }

    static func platform(ofConfiguration body: [UInt8]) -> String? {
        (try? JSONDecoder().decode(JSON.self, from: Data(body))).flatMap(platform)
    }
}
