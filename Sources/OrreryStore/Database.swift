internal import GRDB

/// The hub's state in one SQLite file: the store behind every protocol of this target.
///
/// Reads see the last commit and never wait for a writer; writes are short, one after the other, and on disk when the call
/// returns. The file is made with mode 0600.
///
/// Concurrency: safe from any task. One hub has a file (`DatabaseLock`); a second process waits up to five seconds for
/// each of its writes and then gets `.busy`.
package final class Database: Sendable {
    package let path: String
    private let pool: DatabasePool
    private let queue: WriteQueue
    private let looks: Looks
    /// The plans of sessions that were read before.
    let plans = PlanMemory()
    let rows = SessionRows()

    /// Opens the file or makes it, and brings its schema to this version. `.unavailable` with one sentence when the path
    /// cannot be written or a newer Orrery wrote the file; `.corrupt` when it is no database.
    package convenience init(path: String) throws(StoreError) {
        try self.init(path: path, migrations: Migration.all)
    }

    init(path: String, migrations: [Migration]) throws(StoreError) {
        try DatabaseFile.prepare(path)
        self.path = path
        do {
            pool = try DatabasePool(path: path, configuration: Self.configuration)
            queue = WriteQueue(pool, rows)
            looks = Looks(path: path, configuration: Self.configuration)
            if !migrations.isEmpty { try pool.write { db in try Migration.apply(migrations, to: db, path: path) } }
            // GRDB chooses NORMAL, which may forget the last commits when the machine loses power: a token that was
            // revoked would be good again.
            try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// How many steps of the schema the file has taken.
    func taken() throws(StoreError) -> Int {
        do { return try pool.read { db in try Migration.taken(db) } } catch { throw StoreError(error, path: path) }
    }

    /// Waits for the calls under way and closes the file. Every later call fails with `.unavailable`.
    package func close() throws(StoreError) {
        do {
            try looks.close()
            try pool.close()
        } catch { throw StoreError(error, path: path) }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "orrery"
        return configuration
    }
}

extension Database {
    /// Runs `body` on a snapshot of the last commit.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (GRDB.Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            try Task.checkCancellation()
            // Not the pool's own `await`, which gives its connection back only when the task goes on: with `look` holding all
            // threads of tasks until one becomes free, that would be never.
            return try await withCheckedThrowingContinuation { continuation in
                pool.asyncRead { db in continuation.resume(with: Result { try body(db.get()) }) }
            }
        } catch { throw StoreError(error, path: path) }
    }

    /// Runs `body`, which is one short statement, where the caller is: going to another thread and back costs several times as
    /// much as a look at one record.
    func look<Value: Sendable>(_ body: @Sendable (GRDB.Database) throws -> Value) throws(StoreError) -> Value {
        do { return try looks.look(body) } catch { throw StoreError(error, path: path) }
    }

    /// Runs `body` as one transaction: all of it, or with an error nothing. It may share the way to the disk with others.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (GRDB.Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await queue.write(body) } catch { throw StoreError(error, path: path) }
    }
}
