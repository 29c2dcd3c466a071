internal import Glibc

/// What the system says of this process, under the names that Prometheus's clients agree on.
struct ProcessFigures {
    let userSeconds: Double
    let systemSeconds: Double
    /// Since 1970.
    let startSeconds: Double
    let residentBytes: UInt64
    let virtualBytes: UInt64
    let heapBytes: UInt64
    /// Those in the common table; a worker's own table is not part of it.
    let descriptors: UInt64
    let descriptorLimit: UInt64

    init() {
        var usage = rusage()
        unsafe getrusage(CInt(RUSAGE_SELF.rawValue), &usage)
        userSeconds = usage.ru_utime.seconds
        systemSeconds = usage.ru_stime.seconds
        startSeconds = Self.started
        let status = Self.file("/proc/self/status")
        residentBytes = Self.number(after: "VmRSS:", in: status) * 1024
        virtualBytes = Self.number(after: "VmSize:", in: status) * 1024
        heapBytes = Self.number(after: "VmData:", in: status) * 1024
        descriptors = Self.entries("/proc/self/fd")
        var limit = rlimit()
        unsafe getrlimit(CInt(RLIMIT_NOFILE.rawValue), &limit)
        descriptorLimit = UInt64(limit.rlim_cur)
    }

    /// The start does not change, so it is read once: the machine's start, and the ticks from there to ours.
    private static let started: Double = {
        let boot = number(after: "btime", in: file("/proc/stat"))
        // The second field may have spaces in it, but only within its parentheses.
        let fields = file("/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 19, let ticks = UInt64(fields[19]) else { return 0 }
        return Double(boot) + Double(ticks) / Double(max(sysconf(CInt(_SC_CLK_TCK)), 1))
    }()

    private static func number(after label: String, in text: String) -> UInt64 {
        for line in text.split(separator: "\n") where line.hasPrefix(label) {
            return UInt64(line.dropFirst(label.count).drop { $0 == " " || $0 == "\t" }.prefix { $0.isNumber }) ?? 0
        }
        return 0
    }

    /// The whole text of a small file; empty when there is none.
    private static func file(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }

    private static func entries(_ path: String) -> UInt64 {
        guard let directory = unsafe opendir(path) else { return 0 }
        defer { unsafe closedir(directory) }
        var count: UInt64 = 0
        while unsafe readdir(directory) != nil { count += 1 }
        // Itself, its parent, and the descriptor that was opened to read it.
        return count - min(count, 3)
    }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}

extension MetricsText {
    mutating func addProcess(_ metrics: Metrics) {
        let figures = ProcessFigures()
        add(.counter, "process_cpu_user_seconds_total", "Processor time in the process.", figures.userSeconds)
        add(.counter, "process_cpu_system_seconds_total", "Processor time in the system.", figures.systemSeconds)
        add(
            .counter, "process_cpu_seconds_total", "Processor time of both kinds.",
            figures.userSeconds + figures.systemSeconds)
        add(.gauge, "process_start_time_seconds", "When the process began, since 1970.", figures.startSeconds)
        add(.gauge, "process_resident_memory_bytes", "Memory in use.", figures.residentBytes)
        add(.gauge, "process_virtual_memory_bytes", "Address space, reserved room included.", figures.virtualBytes)
        add(.gauge, "process_heap_bytes", "Address space for data, reserved room included.", figures.heapBytes)
        let held = metrics.workers.filter { $0.value(.ownsDescriptors) > 0 }.reduce(UInt64(0)) { sum, worker in
            let opened = worker.value(.clientsOpened) &+ worker.value(.upstreamsOpened)
            let closed = worker.value(.clientsClosed) &+ worker.value(.upstreamsClosed)
            return sum + (max(opened, closed) - closed)
        }
        add(.gauge, "process_open_fds", "Descriptors in use.", figures.descriptors + held)
        add(.gauge, "process_max_fds", "Descriptors that each table may hold.", figures.descriptorLimit)
    }
}
