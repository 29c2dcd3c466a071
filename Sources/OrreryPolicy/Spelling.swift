/// How a name may be spelt: what its first and last byte and those between may be, and how long it is. Checked for every
/// person and group on every request, where a regular expression would be made anew each time.
struct Spelling: Sendable {
    let first: ByteSet
    let middle: ByteSet
    let last: ByteSet
    let lengths: ClosedRange<Int>

    func fits(_ text: some StringProtocol) -> Bool {
        guard lengths.contains(text.utf8.count), let start = text.utf8.first, first.contains(start) else {
            return false
        }
        var end = start
        for byte in text.utf8 {
            guard middle.contains(byte) else { return false }
            end = byte
        }
        return last.contains(end)
    }
}

extension Spelling {
    private static let small = ByteSet(UInt8(ascii: "a")...UInt8(ascii: "z"))
    private static let large = ByteSet(UInt8(ascii: "A")...UInt8(ascii: "Z"))
    private static let digits = ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9"))

    /// A person's name: `^[a-z][a-z0-9-]{0,29}[a-z0-9]$`.
    static let person = Spelling(
        first: small, middle: small.union(digits).union("-".utf8), last: small.union(digits), lengths: 2...31)
    /// What fills `{group}`: `^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$`.
    static let group = Spelling(
        first: small, middle: person.middle, last: person.last, lengths: 1...31)
    /// A name that an administrator gives to something in a document.
    static let entry = Spelling(first: small, middle: person.middle, last: person.middle, lengths: 1...63)
    /// The name of a choice of an option, such as `12.4`.
    static let choice = Spelling(
        first: path.first.subtracting("._+@=-".utf8), middle: path.middle.subtracting("+@=".utf8),
        last: path.last.subtracting("._+@=-".utf8), lengths: 1...63)
    /// The part of a label's name after the `/`, a label's value, and what a resource is called.
    static let qualified = choice

    /// The name of a label, an extended resource or a taint: `accelerator`, `nvidia.com/gpu`.
    static func labelKey(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last, qualified.fits(name) else { return false }
        return parts.count == 1 || parts.count == 2 && isSubdomain(parts[0])
    }

    /// The value of a label or a taint: nothing, or `a100`, `A_1.b-2`.
    static func labelValue(_ text: String) -> Bool { text.isEmpty || qualified.fits(text) }

    /// A DNS subdomain: the name of what a cluster has, and what stands before the `/` of a label's name.
    static func isSubdomain(_ text: some StringProtocol) -> Bool {
        subdomain.fits(text)
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
                subdomain.fits(part)
            }
    }

    /// A DNS label.
    static let label = Spelling(first: person.last, middle: person.middle, last: person.last, lengths: 1...63)
    private static let subdomain = Spelling(
        first: person.last, middle: person.middle.union(".".utf8), last: person.last, lengths: 1...253)
    /// A server as NFS clients are told it: a name, or an address of either family.
    static let host = Spelling(
        first: hostBytes, middle: hostBytes, last: hostBytes, lengths: 1...253)
    private static let hostBytes = small.union(large).union(digits).union("-._:[]".utf8)
    /// The fixed part of a segment of a path.
    static let path = Spelling(
        first: pathBytes, middle: pathBytes, last: pathBytes, lengths: 1...255)
    private static let pathBytes = small.union(large).union(digits).union("._+@=-".utf8)
    /// The name of an environment variable.
    static let variable = Spelling(
        first: small.union(large).union("_".utf8), middle: small.union(large).union(digits).union("_".utf8),
        last: small.union(large).union(digits).union("_".utf8), lengths: 1...255)
    /// The digits of a SHA-256.
    static let sha256 = Spelling(
        first: hexadecimal, middle: hexadecimal, last: hexadecimal, lengths: 64...64)
    private static let hexadecimal = digits.union("abcdef".utf8)
}
