internal import GRDB
internal import Glibc
internal import Synchronization

/// Writes that wait for the disk at the same time go there together: one transaction and one wait for all of them, and yet
/// each is done whole or not at all. After a transaction that several shared the next one begins later, by 5 ms for each of
/// them and 50 ms at most, be it for one write alone: a commit costs more than most of what is written. Writes that come one
/// by one never wait for each other.
///
/// A job may be run twice, when another one beside it has failed: nothing of the first time is there then.
///
/// Concurrency: any task may write. Jobs run one after the other on the writer's own queue, in the order in which they came.
final class WriteQueue: Sendable {
    /// Tells whoever waits that the job is on disk.
    private typealias Success = @Sendable () -> Void

    private struct Job: Sendable {
        let run: @Sendable (GRDB.Database) throws -> Success
        let fail: @Sendable (any Error) -> Void
    }

    /// A job has failed, and not the transaction around it.
    private struct Failure: Error { let reason: any Error }

    private let pool: DatabasePool
    private let waiting = Mutex<[Job]>([])
    private let rows: SessionRows
    /// When the next transaction may begin.
    private let opening = Mutex(ContinuousClock.now)

    init(_ pool: DatabasePool, _ rows: SessionRows) {
        self.pool = pool
        self.rows = rows
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
        defer { if jobs.count > 1 { opening.withLock { $0 = .now + .milliseconds(min(5 * jobs.count, 50)) } } }
        do {
            for (job, outcome) in zip(jobs, try transaction(db, jobs)) {
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
    private func transaction(_ db: GRDB.Database, _ jobs: [Job]) throws -> [Result<Success, any Error>] {
        do {
            return try inOne(db) { try jobs.map { .success(try run($0, db)) } }
        } catch let failure as Failure {
            guard jobs.count > 1 else { return [.failure(failure.reason)] }
            // Seldom, so that only now each is kept apart from the others, which costs as much as a small write does.
            return try inOne(db) { try jobs.map { try attempt($0, db) } }
        }
    }

    /// Runs `body` as one transaction: all of it, or with an error nothing.
    private func inOne<Value>(_ db: GRDB.Database, _ body: () throws -> Value) throws -> Value {
        try db.kept("BEGIN IMMEDIATE TRANSACTION").execute()
        do {
            try rows.begin(db)
            let value = try body()
            try db.kept("COMMIT TRANSACTION").execute()
            return value
        } catch {
            rows.forgetAll()
            if db.isInsideTransaction { try? db.rollback() }
            throw error
        }
    }

    private func run(_ job: Job, _ db: GRDB.Database) throws(Failure) -> Success {
        do { return try job.run(db) } catch { throw Failure(reason: error) }
    }

    /// One job beside others: when it fails it leaves nothing behind, and they go on.
    private func attempt(_ job: Job, _ db: GRDB.Database) throws -> Result<Success, any Error> {
        try db.kept("SAVEPOINT job").execute()
        do {
            let success = try job.run(db)
            try db.kept("RELEASE SAVEPOINT job").execute()
            return .success(success)
        } catch {
            rows.forgetAll()
            // A full disk and its like make SQLite give up everybody's work.
            guard db.isInsideTransaction else { throw error }
            try db.kept("ROLLBACK TRANSACTION TO SAVEPOINT job").execute()
            try db.kept("RELEASE SAVEPOINT job").execute()
            return .failure(error)
        }
    }
}
