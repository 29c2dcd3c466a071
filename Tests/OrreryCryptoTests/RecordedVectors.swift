import Foundation
import OrreryModel

@testable import OrreryCrypto

/// Third-party test vectors, beside the repository or where `ORRERY_SHARED` says. Tests that need them are skipped where
/// they are not.
enum RecordedVectors {
    static let directory: URL = {
        if let path = ProcessInfo.processInfo.environment["ORRERY_SHARED"] {
            return URL(filePath: path).appending(path: "vectors")
        }
        // The build may see this file through a link.
        return URL(filePath: #filePath).resolvingSymlinksInPath().appending(path: "../../../../shared/vectors")
            .standardized
    }()

    static var isPresent: Bool { FileManager.default.fileExists(atPath: directory.appending(path: "wycheproof").path) }

    static func read(_ path: String) throws -> JSON {
        try JSON(strict: Array(Data(contentsOf: directory.appending(path: path))))
    }
}

extension JSON {
    /// The value as text, for handing a part of a vector to a reader.
    var text: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }
}
