/// A file that pages refer to. Its address contains a hash of its content, so it is served with a year's
/// `Cache-Control: immutable` and a new version is fetched at once.
struct Asset: Sendable {
    let name: String
    let type: String
    let bytes: [UInt8]
    /// 16 hexadecimal digits of the content; also fit as `ETag`.
    let hash: String
    /// `/hub/static/<hash>/<name>`
    var path: String { "/hub/static/\(hash)/\(name)" }

    static let cacheControl = "public, max-age=31536000, immutable"

    static let style = Asset("style.css", "text/css; charset=utf-8", PackageResources.style_css)
    static let momentScript = Asset("moment.js", "text/javascript; charset=utf-8", PackageResources.moment_js)
    static let progressScript = Asset("progress.js", "text/javascript; charset=utf-8", PackageResources.progress_js)
    static let mark = Asset("orrery.svg", "image/svg+xml", PackageResources.orrery_svg)
    static let all = [style, momentScript, progressScript, mark]

    /// The file at `/hub/static/<hash>/<name>`. Nil for an unknown name; an old hash gives the file as it is now, and
    /// then it must not be cached for long: `isCurrent` says so.
    static func find(hash: String, name: String) -> (asset: Asset, isCurrent: Bool)? {
        all.first { $0.name == name }.map { ($0, $0.hash == hash) }
    }

    private init(_ name: String, _ type: String, _ bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.bytes = bytes
        hash = Self.fingerprint(bytes)
    }

    /// FNV-1a, 64 bits: it tells versions apart and protects against nothing.
    private static func fingerprint(_ bytes: [UInt8]) -> String {
        let value = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
