import OrreryDocument
import OrreryModel

/// `life:` of a profile: `max` (at least a minute, at most 24855d), `grace` (at most 5m; absent: 30s), `idle` (at least a minute;
/// absent: never), and `warn`, which is shorter than both (absent: no warning).
extension Plan.Life {
    /// Kubernetes counts the seconds of a pod's life in 32 bits.
    private static var longest: Duration { .seconds(Int64(Int32.max)) }

    init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["max", "grace", "idle", "warn"])
        self.init(
            max: try keys.required("max").duration(), grace: try keys["grace"]?.duration() ?? .seconds(30),
            idle: try keys["idle"]?.duration(), warn: try keys["warn"]?.duration())
        guard max >= .seconds(60) else { throw node.error("a session needs at least a minute") }
        guard max <= Self.longest else {
            throw try keys.required("max").error(
                "no cluster lets a pod live for longer than 24855d, which are 68 years")
        }
        guard grace <= Self.longestGrace else {
            throw try keys.required("grace").error(
                "a site with an agent gives a session at most \(Self.longestGrace.inWords) to end: write that, or less")
        }
        if let idle, let place = keys["idle"] {
            guard idle >= .seconds(60) else { throw place.error("a session may be idle for at least a minute") }
            guard idle <= max else { throw place.error("a session that may be idle for longer than `max` never is") }
        }
        if let warn, let place = keys["warn"] {
            let least = Swift.min(idle ?? max, max)
            guard warn > .zero, warn < least else {
                throw place.error(
                    "the warning has to come after the start and before the end: less than \(least.inWords)")
            }
        }
    }
}

extension Duration {
    /// `4h`, `30m`, `90s`: as documents write it.
    fileprivate var inWords: String {
        let seconds = components.seconds
        for (unit, length) in [("d", 86_400), ("h", 3600), ("m", 60)] as [(String, Int64)]
        where seconds > 0 && seconds % length == 0 {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }
}
