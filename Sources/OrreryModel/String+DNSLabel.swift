extension String {
    /// Whether Kubernetes takes it for the name of a namespace (RFC 1123): at most 63 small letters, digits and hyphens, the
    /// first and the last no hyphen.
    package var isDNSLabel: Bool {
        guard let first = utf8.first, let last = utf8.last, utf8.count <= 63, first != 45, last != 45 else {
            return false
        }
        return utf8.allSatisfy { $0 &- 48 < 10 || $0 &- 97 < 26 || $0 == 45 }
    }
}
