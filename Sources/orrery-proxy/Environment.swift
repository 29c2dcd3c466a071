internal import Glibc
internal import OrreryModel

/// What the environment says: everything that other users of the machine must not see in the list of processes.
struct Environment {
    private let value: (String) -> String?

    init(_ value: @escaping (String) -> String?) { self.value = value }

    static var ofThisProcess: Environment {
        Environment { name in unsafe getenv(name).map { unsafe String(cString: $0) } }
    }

    /// The token that the variable `name` holds, or the file that `name` with `_FILE` behind it names, which may end with a
    /// newline; nil when neither is set. Refuses one that is not one word, as the hub does, two sources of it, a file that says
    /// nothing, and empty variables: those are what is left of a secret that somebody's script did not find, and not the wish to
    /// let everybody in.
    func token(_ name: String) throws -> Secret? {
        guard let token = try anyToken(name) else { return nil }
        guard token.isOneWord else {
            throw StartError(
                "\(name): the token has a space, a line end or a control character in it: it is one word, on one line")
        }
        return token
    }

    private func anyToken(_ name: String) throws -> Secret? {
        let token = secret(name)
        guard let path = value("\(name)_FILE"), !path.isEmpty else {
            guard token == nil, let empty = [name, "\(name)_FILE"].first(where: { value($0) != nil }) else {
                return token
            }
            throw StartError("\(empty) is set but empty; set it to the token, or do not set it at all")
        }
        guard token == nil else { throw StartError("\(name) and \(name)_FILE are both set; keep one") }
        guard let text = Self.text(of: path) else {
            throw StartError("\(name)_FILE: no token can be read from \(path)")
        }
        return Secret(text)
    }

    /// A secret text; nil for none and for an empty one.
    func secret(_ name: String) -> Secret? {
        value(name).flatMap { $0.isEmpty ? nil : Secret($0) }
    }

    /// What the file says, without a newline at its end; nil for nothing, and for more than a token may be.
    private static func text(of path: String) -> String? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        guard count < bytes.count, var text = String(validating: bytes.prefix(count), as: UTF8.self) else { return nil }
        if text.last?.isNewline == true { text.removeLast() }
        return text.isEmpty ? nil : text
    }
}
