import OrreryModel

extension String {
    /// An absolute path of which every part is a name: nothing to be resolved by anybody.
    var isPlainPath: Bool {
        guard utf8.first == UInt8(ascii: "/"), utf8.count <= 4096, !utf8.contains(0) else { return false }
        guard self != "/" else { return true }
        return utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
            part in
            !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
        }
    }

    /// Whether this path is `directory` or lies in it. Compares whole parts: `/cvmfs2` does not lie in `/cvmfs`.
    func lies(in directory: String) -> Bool {
        isExactly(directory) || utf8.starts(with: (directory + "/").utf8)
    }

    /// Whether taints with this key keep nodes for what runs the cluster.
    var isTaintOfClusterOwn: Bool { utf8.starts(with: "node-role.kubernetes.io/".utf8) }

    /// At most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit.
    var isLabelValue: Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) && byte < 0x80
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard let first = utf8.first, let last = utf8.last, utf8.count <= 63 else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && utf8.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
    }
}
