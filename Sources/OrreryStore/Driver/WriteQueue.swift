internal import GRDB
internal import Glibc
internal import Synchronization

/// Writes that wait for the disk at the same time go there together: one transaction and one wait for all of them, and yet
/// each is done whole or not at all. After a transaction that several shared the next one begins `window` later: a commit
/// costs more than most of what is written. Whoever writes alone never waits for others.
///
/// Concurrency: any task may write. Jobs run one after the other on the writer's own queue, in the order in which they came.
final class WriteQueue: Sendable {
    /// Tells whoever waits that the job is on disk.
    private typealias Success = @Sendable () -> Void

    private struct Job: Sendable {
        let run: @Sendable (GRDB.Database) throws -> Success
        let fail: @Sendable (any Error) -> Void
    }

    private let pool: DatabasePool
    private let waiting = Mutex<[Job]>([])
    private let window: Duration
    /// When the next transaction may begin.
    private let opening = Mutex(ContinuousClock.now)

    init(_ pool: DatabasePool, window: Duration = .milliseconds(25)) {
        self.pool = pool
        self.window = window
    }

    /// Returns when what `body` did is on disk; throws when nothing of it is there. A task that was cancelled before writes
    /// nothing.
    func write<Value: Sendable>(_ body: @escaping @Sendable (GRDB.Database) throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { continuation in
            submit(
                Job { db in
                    let value = try body(db)
                    return { continuation.resume(returning: value) }
                } fail: {
                    continuation.resume(throwing: $0)
                })
        }
    }

    private func submit(_ job: Job) {
        let isFirst = waiting.withLock { waiting in
            waiting.append(job)
            return waiting.count == 1
        }
        // Whoever comes while a transaction is under way goes with the next one.
        if isFirst { pool.asyncWriteWithoutTransaction { db in self.drain(db) } }
    }

    private func drain(_ db: GRDB.Database) {
        awaitOthers()
        let jobs = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        defer { if jobs.count > 1 { opening.withLock { $0 = .now + window } } }
        do {
            for (job, outcome) in zip(jobs, try Self.transaction(db, jobs)) {
                switch outcome {
                case .success(let tell): tell()
                case .failure(let error): job.fail(error)
                }
            }
        } catch {
            for job in jobs { job.fail(error) }
        }
    }

    // The thread is the writer's own: nobody else is kept from anything.
    private func awaitOthers() {
        let pause = opening.withLock { $0 } - .now
        if pause > .zero { usleep(UInt32(pause / .microseconds(1))) }
    }

    /// What became of each job; throws when nothing of any is on disk.
    private static func transaction(
        _ db: GRDB.Database, _ jobs: [Job]
    ) throws -> [Result<Success, any Error>] {
        try db.kept("BEGIN IMMEDIATE TRANSACTION").execute()
        do {
            let outcomes = try jobs.count == 1 ? [.success(jobs[0].run(db))] : jobs.map { try attempt($0, db) }
            try db.kept("COMMIT TRANSACTION").execute()
            return outcomes
        } catch {
            if db.isInsideTransaction { try? db.rollback() }
            throw error
        }
    }

    /// One job beside others: when it fails it leaves nothing behind, and they go on.
    private static func attempt(_ job: Job, _ db: GRDB.Database) throws -> Result<Success, any Error> {
        try db.kept("SAVEPOINT job").execute()
        do {
            let success = try job.run(db)
            try db.kept("RELEASE SAVEPOINT job").execute()
            return .success(success)
        } catch {
            // A full disk and its like make SQLite give up everybody's work.
            guard db.isInsideTransaction else { throw error }
            try db.kept("ROLLBACK TRANSACTION TO SAVEPOINT job").execute()
            try db.kept("RELEASE SAVEPOINT job").execute()
            return .failure(error)
        }
    }
}
