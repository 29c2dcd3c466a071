import Foundation
import Glibc
import OrreryModel

/// The logins of this person on this machine: one token per hub, in `orrery/logins.json` below `XDG_CONFIG_HOME` or
/// `~/.config`. Nobody else can read the file, and one that others could read is not used.
struct LoginBook {
    struct Login: Codable, Equatable {
        var token: String
        /// When the token ends.
        var ends: Date

        init(token: String, ends: Date) { (self.token, self.ends) = (token, ends) }

        /// As a hub gave it; nil when it has ended already, or has characters that no token has (RFC 6750 2.1).
        init?(token: String, lasting seconds: Int64, now: Date = Date()) {
            guard seconds > 0, !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
            // Ten years at most: a date that every program can write.
            self.init(token: token, ends: now.addingTimeInterval(Double(min(seconds, 315_360_000))))
        }
    }

    private struct Content: Codable {
        /// The hub of the last login, which commands mean when they are told none.
        var current: String?
        var logins: [String: Login] = [:]
    }

    let path: String
    private var content = Content()

    /// Reads the file; one that is not there is an empty book.
    init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(Failure) {
        try self.init(path: Self.directory(environment) + "/logins.json")
    }

    init(path: String) throws(Failure) {
        self.path = path
        try read()
    }

    private mutating func read() throws(Failure) {
        content = Content()
        guard FileManager.default.fileExists(atPath: path) else { return }
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard let mode = attributes?[.posixPermissions] as? Int, mode & 0o077 == 0 else {
            throw Failure("others can read \(path), which has tokens in it; run: chmod 600 \(path)")
        }
        guard let data = FileManager.default.contents(atPath: path),
            let content = try? Self.decoder.decode(Content.self, from: data)
        else { throw Failure("\(path) cannot be read; remove it and log in again") }
        self.content = content
    }

    /// The hub that a command means: the one it was told, or that of the last login.
    func hub(_ told: String?) throws -> HubAddress {
        if let told { return try HubAddress(told) }
        guard let current = content.current else { throw Failure("you are not logged in; run: orrery login https://…") }
        return try HubAddress(current)
    }

    /// The login at `hub`; throws when there is none, or when its token has ended.
    func login(at hub: HubAddress, now: Date = Date()) throws(Failure) -> Login {
        guard let login = content.logins[hub.origin] else {
            throw Failure("you are not logged in at \(hub.origin); run: orrery login \(hub.origin)")
        }
        guard now < login.ends else {
            throw Failure("your login at \(hub.origin) has ended; run: orrery login \(hub.origin)")
        }
        return login
    }

    /// Finds out whether a login can be kept, before somebody is asked for one.
    mutating func prepare() throws(Failure) {
        try locked { book throws(Failure) in
            let isNew = !FileManager.default.fileExists(atPath: book.path)
            try book.write()
            // Whoever is refused leaves no book behind.
            if isNew { try? FileManager.default.removeItem(atPath: book.path) }
        }
    }

    /// Keeps `login` for `hub`, which becomes the one that commands mean, and gives back the one before.
    mutating func keep(_ login: Login, at hub: HubAddress) throws(Failure) -> Login? {
        try change { content in
            content.current = hub.origin
            return content.logins.updateValue(login, forKey: hub.origin)
        }
    }

    /// Forgets the login at `hub`, and gives it back.
    mutating func forget(_ hub: HubAddress) throws(Failure) -> Login? {
        try change { content in
            if content.current == hub.origin {
                content.current = content.logins.keys.filter { $0 != hub.origin }.sorted().first
            }
            return content.logins.removeValue(forKey: hub.origin)
        }
    }

    /// Changes what the file says now, which another program may have changed since it was read.
    private mutating func change<Value>(_ change: (inout Content) -> Value) throws(Failure) -> Value {
        try locked { book throws(Failure) in
            let value = change(&book.content)
            try book.write()
            return value
        }
    }

    /// Runs `body` with the book as it is now, while no other program changes it.
    private mutating func locked<Value>(
        _ body: (inout LoginBook) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try? FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return try FileLock.hold("\(path).lock") { () throws(Failure) in
            try read()
            return try body(&self)
        }
    }

    /// Written beside and moved into place: a crash leaves the old file or the new one, and neither was ever open to others.
    private func write() throws(Failure) {
        let fresh = "\(path).\(UUID().uuidString)"
        do {
            let data = try Self.encoder.encode(content)
            guard
                FileManager.default.createFile(
                    atPath: fresh, contents: Data(), attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteUnknown) }
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: fresh))
            try file.write(contentsOf: data)
            try file.synchronize()
            try file.close()
            // Safe: both paths are passed as C strings of their own that outlive the call.
            guard unsafe rename(fresh, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            try? FileManager.default.removeItem(atPath: fresh)
            throw Failure("\(path) cannot be written; look at its directory and the free space there")
        }
    }

    private static func directory(_ environment: [String: String]) throws(Failure) -> String {
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return base + "/orrery" }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw Failure("neither XDG_CONFIG_HOME nor HOME says where your login can be kept")
        }
        return home + "/.config/orrery"
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return encoder
    }
}
