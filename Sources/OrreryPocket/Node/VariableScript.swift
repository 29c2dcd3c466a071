internal import OrreryModel

/// A file with a container's variables, which a shell takes on before it goes to the working directory: as the pod's
/// own user, since nobody else may be able to enter it. It is read through a descriptor that is open before the
/// sandbox is made, so it can be removed as soon as that has been started: secrets lie on disk for a moment only.
struct VariableScript {
    let path: String

    init(
        _ variables: [String: String], in directory: String, workingDirectory: String
    ) throws(PocketError) {
        path = "\(directory)/variables-\(UInt64.random(in: .min ... .max))"
        var lines = variables.sorted { $0.key < $1.key }.map { "export \($0.key)=\(Self.quoted($0.value))" }
        lines.append("cd \(Self.quoted(workingDirectory)) || exit 128")
        try FileBytes.replace(path, with: Array(lines.joined(separator: "\n").utf8))
    }

    func remove() { FileBytes.remove(path) }

    /// Whether a shell can take on a variable of this name.
    static func canCarry(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    /// Between single quotes a shell takes every character as it is, except the quote itself.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
