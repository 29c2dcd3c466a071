import Glibc
import Synchronization

/// The time as lines of the log begin, in the zone of the machine: `2026-11-23T03:43:51+0000`.
///
/// Concurrency: any thread may ask. The text is made once a second.
enum LogClock {
    static var now: String {
        let second = time(nil)
        return last.withLock { last in
            if last.second != second { last = (second, text(of: second)) }
            return last.text
        }
    }

    private static let last = Mutex<(second: time_t, text: String)>((second: -1, text: ""))

    static func text(of second: time_t) -> String {
        var second = second
        var parts = unsafe tm()
        guard unsafe localtime_r(&second, &parts) != nil else { return "<unknown>" }
        var text = [CChar](repeating: 0, count: 64)
        let count = unsafe strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S%z", &parts)
        return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
