import Foundation
package import OrreryModel

extension DocumentNode {
    /// A path in the file system; a relative one is counted from the directory of the document.
    package func filePath() throws(DocumentError) -> String {
        let text = try string()
        guard !text.isEmpty else { throw error("a path is wanted here, not an empty text") }
        return Self.resolve(text, besides: place.file)
    }

    /// The document in the file that `file:PATH` names.
    package func document() throws(DocumentError) -> DocumentNode {
        let text = try string()
        guard text.hasPrefix("file:") else { throw error("the name of a file is wanted here, as file:PATH") }
        return try DocumentNode.read(file: Self.resolve(String(text.dropFirst("file:".count)), besides: place.file))
    }

    /// A secret: the content of a file where `file:PATH` is written, else the text itself. One newline at the end of the
    /// file is not part of the secret. A file that is missing, unreadable, empty or not UTF-8 is an error which
    /// names the file and nothing of its content.
    package func secret() throws(DocumentError) -> Secret {
        let text = try string()
        guard text.hasPrefix("file:") else {
            guard !text.isEmpty else { throw error("the secret is empty") }
            return Secret(text)
        }
        let file = Self.resolve(String(text.dropFirst("file:".count)), besides: place.file)
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw self.error("the secret file \(file) cannot be read: \(Self.reason(error))")
        }
        guard var content = String(validating: bytes, as: UTF8.self) else {
            throw error("the secret file \(file) is not UTF-8 text")
        }
        if content.last?.isNewline == true { content.removeLast() }
        guard !content.isEmpty else { throw error("the secret file \(file) is empty") }
        return Secret(content)
    }

    static func resolve(_ path: String, besides document: String) -> String {
        path.hasPrefix("/")
            ? path : URL(fileURLWithPath: document).deletingLastPathComponent().appendingPathComponent(path).path
    }

    /// Why a file could not be read, in the kernel's words.
    static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile: "there is no such file"
        case .fileReadNoPermission: "permission is denied"
        default: "it is not a readable file"
        }
    }
}
