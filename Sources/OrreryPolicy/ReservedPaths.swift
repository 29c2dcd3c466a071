/// Where no fileset may be mounted: at these directories, inside them, or above them where it would hide them.
enum ReservedPaths {
    private static let directories: [FilePath] = [
        "etc", "proc", "sys", "dev", "tmp", "run/orrery", "var/run/secrets", "run/secrets", "boot",
        // The server's own directories. What an image has in `/opt` or `/usr/local` is its affair.
        "bin", "sbin", "lib", "lib64", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64",
    ].map { FilePath(segments: $0.split(separator: "/").map(String.init)) }

    /// The reserved directory that a mount at `path` would touch; nil when the path is free.
    static func conflict(with path: FilePath) -> String? {
        path.segments.isEmpty ? "/" : directories.first { $0.meets(path) }?.absolute
    }
}
