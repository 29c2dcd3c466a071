import Foundation
package import OrreryFetch
import OrreryPolicy
import OrreryRegistry

/// What the registries say about the images of a policy, beside what its `profiles.yaml` says: `orrery profiles resolve`.
package struct ImageResolution: Sendable {
    private let list: ImageList
    private let client: RegistryClient
    private var findings: [String: ImageList.Finding] = [:]

    /// What was found, one line for each environment, in the order of the document.
    package private(set) var lines: [String] = []
    /// What could not be found out, one sentence for each.
    package private(set) var errors: [String] = []
    /// The environments whose digests are others than the document's, or not in it yet.
    package private(set) var changed: [String] = []

    /// Reads the images of the policy in `directory`. `logins` is a file as `docker login` writes it, `authorities` a file with
    /// certificates in PEM that are believed instead of the system's.
    package init(
        directory: String, logins: String?, authorities: String?, fetcher: Fetcher
    ) throws(HubError) {
        do {
            list = try ImageList(directory: directory)
            var trust = FetchRequest.Trust.system
            if let authorities {
                trust = .authority(pem: try String(contentsOfFile: authorities, encoding: .utf8))
            }
            client = RegistryClient(
                fetcher: fetcher, logins: try logins.map { try RegistryLogins(file: $0) } ?? RegistryLogins(),
                trust: trust)
        } catch {
            throw HubError(.cannotStart, "\(error)")
        }
    }

    /// Asks about every image, one after another.
    package mutating func ask() async {
        for entry in list.entries {
            guard let tag = entry.image.tag else {
                lines.append("\(entry.environment): no tag is written, so its digest stays as it is")
                continue
            }
            do throws(RegistryError) {
                let content = try await client.resolve(
                    host: entry.image.host, repository: entry.image.repository, tag: tag,
                    known: entry.platforms == nil ? nil : entry.digest)
                note(entry, content)
            } catch {
                errors.append("\(entry.environment): \(error)")
            }
        }
    }

    private mutating func note(_ entry: ImageList.Entry, _ content: ImageContent) {
        let name = "\(entry.environment): \(entry.image.host)/\(entry.image.repository):\(entry.image.tag ?? "")"
        let lost = (entry.platforms ?? []).map(\.description).filter {
            !(content.platforms?.contains($0) ?? true)
        }
        guard lost.isEmpty else {
            errors.append(
                "\(name) does not run on \(lost.joined(separator: ", ")); write under `platforms` what it runs on: "
                    + (content.platforms ?? []).joined(separator: ", "))
            return
        }
        let platforms = (content.platforms ?? []).filter { $0.hasPrefix("linux/") }
        let addsPlatforms = entry.platforms == nil && !platforms.isEmpty
        if let digest = entry.digest, digest == content.digest {
            lines.append("\(name) is \(digest) as before")
            guard addsPlatforms else { return }
        } else {
            let old = entry.digest.map { "; the document says \($0)" } ?? "; the document says nothing yet"
            lines.append("\(name) is \(content.digest) now\(old)")
            changed.append(entry.environment)
        }
        findings[entry.environment] = ImageList.Finding(digest: content.digest, platforms: platforms)
    }

    /// Writes what was found into the document, in one step: whoever reads it meanwhile sees the old or the new.
    package func write() throws(HubError) {
        guard !findings.isEmpty else { return }
        do {
            try list.write(try list.text(with: findings))
        } catch {
            throw HubError(.cannotStart, "\(error)")
        }
    }
}
