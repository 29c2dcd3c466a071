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
    /// nil when neither is set. Refuses two sources of it, a file that says nothing, and empty variables: those are what is
    /// left of a secret that somebody's script did not find, and not the wish to let everybody in.
    func token(_ name: String) throws -> Secret? {
        let token = secret(name)
        guard let path = value("\(name)_FILE"), !path.isEmpty else {
            guard token == nil, let empty = [name, "\(name)_FILE"].first(where: { value($0) != nil }) else {
                return token
            }
            throw StartError("\(empty) is set but empty; set it to the token, or do not set it at all")
        }
        guard token == nil else { throw StartError("\(name) and \(name)_FILE are both set; keep one") }
        guard let text = Self.firstLine(of: path) else {
            throw StartError("\(name)_FILE: no token can be read from \(path)")
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
