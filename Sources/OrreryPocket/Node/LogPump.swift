internal import Foundation
internal import Glibc
internal import OrreryModel

/// Moves what a container printed into its log, line by line with time and stream, and cuts away what it has moved.
///
/// The container writes to files rather than to a pipe, so that it goes on undisturbed while pocket is not there; what
/// it printed meanwhile gets the time at which pocket found it.
struct LogPump {
    let directory: String
    /// A log that grows beyond this keeps its younger half.
    var limit = 10 << 20

    var log: String { "\(directory)/log" }

    /// How much was printed until now, for asking cheaply whether there is anything to move.
    var printed: [Int] { ["stdout", "stderr"].map { FileBytes.size(of: "\(directory)/\($0)") } }

    /// Moves all whole lines; with `isLast` also a last line without an end.
    func run(now: Date, isLast: Bool = false) {
        var offsets = readOffsets()
        let before = offsets
        var lines: [UInt8] = []
        for stream in ["stdout", "stderr"] {
            move(stream, &offsets[stream, default: 0], into: &lines, stamp: now.nanosecondTimestamp, isLast: isLast)
        }
        guard offsets != before else { return }
        // Log first, offsets second: a crash in between repeats some lines rather than losing them.
        guard (try? FileBytes.append(lines, to: log)) != nil else { return }
        writeOffsets(offsets)
        shorten()
    }

    private func move(_ stream: String, _ offset: inout Int, into lines: inout [UInt8], stamp: String, isLast: Bool) {
        let path = "\(directory)/\(stream)"
        let start = offset
        while true {
            guard let bytes = try? FileBytes.read(path, from: offset, limit: Self.portion), !bytes.isEmpty else {
                break
            }
            let isWhole = bytes.count < Self.portion
            var end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            // A line longer than the portion is cut into pieces; the unfinished end of the file waits.
            if end == 0, !isWhole || isLast { end = bytes.count }
            if isLast, isWhole { end = bytes.count }
            guard end > 0 else { break }
            append(bytes[..<end], of: stream, to: &lines, stamp: stamp, isCut: !isWhole)
            offset += end
            if isWhole { break }
        }
        if offset > start { Self.punch(path, from: start, to: offset) }
    }

    private func append(
        _ bytes: ArraySlice<UInt8>, of stream: String, to lines: inout [UInt8], stamp: String, isCut: Bool
    ) {
        var rest = bytes
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            let isPartial = end == nil && isCut
            lines += "\(stamp) \(stream) \(isPartial ? "P" : "F") ".utf8
            lines += rest[..<(end ?? rest.endIndex)]
            lines.append(UInt8(ascii: "\n"))
            rest = end.map { rest[($0 + 1)...] } ?? []
        }
    }

    /// Gives the blocks of what was read back to the file system. The file keeps its length, as the container may be
    /// writing at its end this very moment.
    private static func punch(_ path: String, from start: Int, to end: Int) {
        let file = unsafe open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        // From the block in which the last pass ended; the last block stays until it is full.
        let first = start / 4096 * 4096
        let length = end / 4096 * 4096 - first
        if length > 0 { FileBytes.punch(file, from: first, length: length) }
    }

    private func shorten() {
        let size = FileBytes.size(of: log)
        guard size > limit else { return }
        guard let younger = try? FileBytes.read(log, from: size - limit / 2),
            let end = younger.firstIndex(of: UInt8(ascii: "\n"))
        else { return }
        try? FileBytes.replace(log, with: Array(younger[(end + 1)...]))
    }

    private func readOffsets() -> [String: Int] {
        let text = String(decoding: (try? FileBytes.read("\(directory)/offsets")) ?? [], as: UTF8.self)
        let numbers = text.split(separator: " ").compactMap { Int($0) }
        return numbers.count == 2 ? ["stdout": numbers[0], "stderr": numbers[1]] : ["stdout": 0, "stderr": 0]
    }

    private func writeOffsets(_ offsets: [String: Int]) {
        let text = "\(offsets["stdout"] ?? 0) \(offsets["stderr"] ?? 0)"
        try? FileBytes.replace("\(directory)/offsets", with: Array(text.utf8))
    }

    private static let portion = 64 << 10
}

extension Date {
    /// This moment as container runtimes write it into their logs.
    var nanosecondTimestamp: String {
        let seconds = timeIntervalSince1970.rounded(.down)
        let nanoseconds = Int((timeIntervalSince1970 - seconds) * 1e9)
        let whole = Date(timeIntervalSince1970: seconds).timestamp.dropLast()
        let digits = String(nanoseconds)
        return "\(whole).\(String(repeating: "0", count: 9 - digits.count))\(digits)Z"
    }
}
