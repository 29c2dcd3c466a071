import Foundation

/// A directory that goes with its last holder.
final class TemporaryDirectory: Sendable {
    let path = NSTemporaryDirectory() + "pocket-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
