internal import Glibc
internal import OrreryWire
internal import Synchronization

/// The access log: what every worker puts into its ring, written to one file by a thread of its own.
///
/// The file is opened anew when somebody has moved it away or deleted it, or says so; lines are never split between two.
///
/// Concurrency: `run` belongs to one thread, everything else to any.
final class AccessLog: Sendable {
    let format: AccessFormat
    private let path: String?
    private let log: ProxyLog
    private let rings = Mutex<[LineRing]>([])
    private let isOver = Atomic<Bool>(false)
    private let wantsReopening = Atomic<Bool>(false)
    private let room: Int
    /// How long the end waits for the last lines. They may go to a pipe that nobody reads.
    static let patience: Duration = .seconds(1)
    /// Microseconds between two visits to the rings.
    private static let pause: UInt32 = 50_000

    /// Opens the file, so that one that cannot be written is an error at the start and not silence later. `room` is how
    /// many bytes a worker may put down between two visits, a power of two.
    init(_ configuration: AccessLogConfiguration, log: ProxyLog, room: Int = 1 << 20) throws(ProxyError) {
        self.room = room
        format = configuration.format
        path = configuration.path
        self.log = log
        switch Self.open(configuration.path) {
        case .success(let file): if configuration.path != nil { Glibc.close(file) }
        case .failure(let error): throw .cannotWrite(configuration.path ?? "standard output", error)
        }
    }

    /// A ring for another worker.
    func addWorker() -> LineRing {
        let ring = LineRing(capacity: room)
        rings.withLock { $0.append(ring) }
        return ring
    }

    /// Opens the file anew with the next lines.
    func reopen() { wantsReopening.store(true, ordering: .relaxed) }

    /// Lets `run` return once all lines that are there are written.
    func end() { isOver.store(true, ordering: .releasing) }

    /// Writes lines as they come, until it is over.
    func run() {
        var file = AccessFile(path: path)
        var nextLook = Moment.now().monotonic
        var wasOver = false
        while !wasOver {
            // Read before the rings: what was appended before the end is written.
            wasOver = isOver.load(ordering: .acquiring)
            let now = Moment.now().monotonic
            if wantsReopening.exchange(false, ordering: .relaxed) { file.reopen() }
            if now >= nextLook {
                nextLook = now + 1000
                file.reopenIfMoved()
            }
            for ring in rings.withLock({ $0 }) { unsafe ring.take { unsafe file.write($0) } }
            if let problem = file.problem(now: now) {
                log.write(.error, "the access log cannot be written: \(problem); its lines are lost")
            }
            if !wasOver { usleep(Self.pause) }
        }
        file.close()
    }

    static func open(_ path: String?) -> Result<CInt, SystemError> {
        guard let path else { return .success(1) }
        // Readable for its group, as logs are.
        // Without waiting: a pipe that nobody reads is an error at once.
        let file = unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o640)
        if file >= 0 { _ = fcntl(file, F_SETFL, O_APPEND) }
        return file < 0 ? .failure(SystemError(number: errno)) : .success(file)
    }
}

/// The file behind an access log.
struct AccessFile {
    private let path: String?
    private var descriptor: CInt = -1
    /// Which file it was when it was opened.
    private var identity: Identity?
    private var error: SystemError?
    private var nextComplaint: UInt64 = 0

    private struct Identity: Equatable {
        let device: UInt64
        let inode: UInt64
    }

    init(path: String?) {
        self.path = path
        reopen()
    }

    mutating func reopen() {
        close()
        switch AccessLog.open(path) {
        case .success(let file): descriptor = file
        case .failure(let error): self.error = error
        }
        identity = path.flatMap { Self.identity($0) }
    }

    /// A rotation renames the file and expects another one under its name.
    mutating func reopenIfMoved() {
        guard let path, descriptor < 0 || Self.identity(path) != identity else { return }
        reopen()
    }

    mutating func close() {
        if descriptor > 2 { Glibc.close(descriptor) }
        descriptor = -1
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        var done = 0
        while done < bytes.count, descriptor >= 0 {
            // Within the piece: `done` is below its count.
            let count = unsafe Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            if count < 0 {
                if errno == EINTR { continue }
                error = SystemError(number: errno)
                return
            }
            done += count
        }
    }

    /// What went wrong since the last complaint, once a minute.
    mutating func problem(now: UInt64) -> SystemError? {
        guard let error, now >= nextComplaint else { return nil }
        nextComplaint = now + 60_000
        self.error = nil
        return error
    }

    private static func identity(_ path: String) -> Identity? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
