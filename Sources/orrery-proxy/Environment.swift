internal import ArgumentParser
internal import Glibc
internal import OrreryModel

/// What the environment says: everything that other users of the machine must not see in the list of processes.
struct Environment {
    private let value: (String) -> String?

    init(_ value: @escaping (String) -> String?) { self.value = value }

    static var ofThisProcess: Environment {
        Environment { name in unsafe getenv(name).map { unsafe String(cString: $0) } }
    }

    /// The token that the variable `name` holds, or the first line of the file that `name` with `_FILE` behind it names;
    /// nil when none is set. Refuses two sources of it, and a file that says nothing.
    func token(_ name: String) throws -> Secret? {
        let token = secret(name)
        guard let path = value("\(name)_FILE"), !path.isEmpty else { return token }
        guard token == nil else { throw ValidationError("\(name) and \(name)_FILE are both set; keep one") }
        guard let text = Self.firstLine(of: path) else {
            throw ValidationError("\(name)_FILE: no token can be read from \(path)")
        }
        return Secret(text)
    }

    /// A secret text; nil for none and for an empty one.
    func secret(_ name: String) -> Secret? {
        value(name).flatMap { $0.isEmpty ? nil : Secret($0) }
    }

    private static func firstLine(of path: String) -> String? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var bytes = [CChar](repeating: 0, count: 4096)
        guard unsafe fgets(&bytes, CInt(bytes.count), file) != nil else { return nil }
        let line = bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let text = String(decoding: line, as: UTF8.self).filter { !$0.isWhitespace }
        return text.isEmpty ? nil : text
    }
}
