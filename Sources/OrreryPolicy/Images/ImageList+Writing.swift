import Foundation
package import OrreryDocument
import OrreryModel

extension ImageList {
    /// What a registry said about the image of one environment.
    package struct Finding: Hashable, Sendable {
        package let digest: String
        /// Empty where it did not say.
        package let platforms: [String]

        package init(digest: String, platforms: [String]) {
            self.digest = digest
            self.platforms = platforms
        }
    }

    /// The document with the digests of `findings`, by the names of environments, and with the platforms of those that name
    /// none yet; everything else, comments and layout too, is as it was. Throws where the document is written in a way that
    /// this cannot do, and then nothing of it may be used.
    package func text(with findings: [String: Finding]) throws(DocumentError) -> String {
        var lines = DocumentLines(text)
        // From the end, so that a line that is put in moves nothing that is still to be changed.
        let changes = entries.filter { findings[$0.environment] != nil }
            .sorted { ($0.places.image.line, $0.places.image.column) > ($1.places.image.line, $1.places.image.column) }
        for entry in changes {
            guard let finding = findings[entry.environment] else { continue }
            Self.change(entry, finding, &lines)
        }
        let changed = lines.text
        try check(changed, findings)
        return changed
    }

    private static func change(_ entry: Entry, _ finding: Finding, _ lines: inout DocumentLines) {
        let places = entry.places
        let addPlatforms = { (lines: inout DocumentLines) in
            guard entry.platforms == nil, !finding.platforms.isEmpty else { return }
            let list = "[\(finding.platforms.joined(separator: ", "))]"
            lines.insert("platforms", list, after: places.image, isFlow: places.isFlow)
        }
        guard let digest = places.digest else {
            addPlatforms(&lines)
            lines.insert("digest", "\"\(finding.digest)\"", after: places.image, isFlow: places.isFlow)
            return
        }
        // Whichever stands further back is first.
        if (digest.line, digest.column) > (places.image.line, places.image.column) {
            lines.replaceWord(at: digest, with: finding.digest)
            addPlatforms(&lines)
        } else {
            addPlatforms(&lines)
            lines.replaceWord(at: digest, with: finding.digest)
        }
    }

    /// Read again, everything has to be as it was but for what was asked.
    private func check(_ changed: String, _ findings: [String: Finding]) throws(DocumentError) {
        let again = try ImageList(text: changed, file: file)
        for (old, new) in zip(entries, again.entries) {
            let digest = findings[old.environment]?.digest ?? old.digest
            guard old.environment == new.environment, old.image == new.image, new.digest == digest else {
                throw DocumentError(
                    place: old.places.image,
                    message: "environments.\(old.environment): its digest cannot be written here, because of how the "
                        + "lines are laid out: write `digest: \"\(digest ?? "")\"` by hand")
            }
        }
    }
}

extension ImageList {
    /// Puts `text` in the place of the document, with its mode. A document that is a symbolic link stays one.
    package func write(_ text: String) throws {
        let path = URL(fileURLWithPath: file).resolvingSymlinksInPath()
        let manager = FileManager.default
        // Somebody who edits it just now must not lose what they wrote.
        guard try DocumentNode.text(ofFile: file) == self.text else {
            throw DocumentError(
                place: Place(file: file, line: 1, column: 1), message: "the document was changed meanwhile; try again")
        }
        let mode = try manager.attributesOfItem(atPath: path.path)[.posixPermissions]
        try Data(text.utf8).write(to: path, options: .atomic)
        if let mode { try manager.setAttributes([.posixPermissions: mode], ofItemAtPath: path.path) }
    }
}
