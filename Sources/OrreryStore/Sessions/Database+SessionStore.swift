package import FoundationEssentials
internal import GRDB
package import OrreryModel

extension Database: SessionStore {
    package func create(_ session: SessionRecord) async throws(StoreError) {
        try await write { [plans] db in try Self.add(session, nil, db, plans) }
    }

    package func open(
        _ session: SessionRecord, planText: String?, then steps: [SessionStep]
    ) async throws(StoreError) -> [SessionEventRecord] {
        try await write { [plans, rows] db in
            var after = session
            let told = [(session.state, session.message)] + Self.change(&after, by: steps)
            try Self.add(after, planText, db, plans)
            let events = try SessionEventRecord.append(db, told, of: session.id, at: session.createdAt, after: 0)
            rows.keep(SessionRows.Known(session: after.stored, last: events.count))
            return events
        }
    }

    private static func add(
        _ session: SessionRecord, _ planText: String?, _ db: GRDB.Database, _ plans: PlanMemory
    ) throws {
        do {
            try session.insert(db, planText: planText)
            plans.keep(session.plan, hash: session.planHash, of: session.id)
        } catch let error as GRDB.DatabaseError where error.isUniqueViolation {
            throw StoreError.taken(.liveSession)
        } catch let error as GRDB.DatabaseError where error.isForeignKeyViolation {
            throw StoreError.noPerson
        }
    }

    package func session(id: String) async throws(StoreError) -> SessionRecord? {
        try look { [plans] db in try SessionRecord.fetch(db, plans, where: "id = :id", ["id": id]).first }
    }

    package func active(person: Int64) async throws(StoreError) -> [SessionRecord] {
        try look { [plans] db in
            try SessionRecord.fetch(
                db, plans, where: "person = :person AND ended_at IS NULL ORDER BY id", ["person": person])
        }
    }

    package func allActive() async throws(StoreError) -> [SessionRecord] {
        try await read { [plans] db in try SessionRecord.fetch(db, plans, where: "ended_at IS NULL ORDER BY id") }
    }

    package func activeByState() async throws(StoreError) -> [SessionState: Int] {
        try await read { db in
            let sql = "SELECT state, count(*) AS count FROM session WHERE ended_at IS NULL GROUP BY state"
            return try Row.fetchAll(db, sql: sql).reduce(into: [:]) { counts, row in
                let state: SessionState = try row.word("state")
                counts[state] = Int(try row.integer("count"))
            }
        }
    }

    package func newestSession() async throws(StoreError) -> String? {
        try await read { db in try String.fetchOne(db, sql: "SELECT max(id) FROM session") }
    }

    package func lastEnded(person: Int64) async throws(StoreError) -> SessionRecord? {
        try await history(person: person, limit: 1).first
    }

    package func lastEnded(person: Int64, under path: String) async throws(StoreError) -> SessionRecord? {
        try await read { [plans] db in
            try SessionRecord.fetch(
                db, plans,
                where: """
                    person = :person AND ended_at IS NOT NULL AND substr(:path, 1, length(prefix)) = prefix
                    ORDER BY length(prefix) DESC, ended_at DESC, id DESC LIMIT 1
                    """, ["person": person, "path": path]
            ).first
        }
    }

    package func history(person: Int64, limit: Int) async throws(StoreError) -> [SessionRecord] {
        try await read { [plans] db in
            try SessionRecord.fetch(
                db, plans,
                where: "person = :person AND ended_at IS NOT NULL ORDER BY ended_at DESC, id DESC LIMIT :limit",
                ["person": person, "limit": limit])
        }
    }

    package func ended(since instant: Date) async throws(StoreError) -> [SessionRecord] {
        try await read { [plans] db in
            try SessionRecord.fetch(
                db, plans, where: "ended_at >= :instant ORDER BY id", ["instant": Column.milliseconds(instant)])
        }
    }

    package func places(person: Int64) async throws(StoreError) -> [String] {
        try look { db in
            let sql = """
                SELECT cluster FROM session WHERE person = :person AND ready_at IS NOT NULL
                ORDER BY id DESC LIMIT 10
                """
            return try String.fetchAll(db.kept(sql), arguments: ["person": person]).reversed()
        }
    }

    package func update(
        _ id: String, _ change: @escaping @Sendable (inout SessionRecord) -> Void
    ) async throws(StoreError) -> SessionRecord {
        try await write { db in try self.take([.change(change)], of: id, at: nil, db).session }
    }

    package func advance(
        _ id: String, at now: Date, _ change: @escaping @Sendable (inout SessionRecord) -> Void
    ) async throws(StoreError) -> (session: SessionRecord, event: SessionEventRecord) {
        try await write { db in
            let (session, events) = try self.take([.advance(change)], of: id, at: now, db)
            guard let event = events.first else { throw StoreError.noSession }
            return (session, event)
        }
    }

    package func keep(
        _ steps: [SessionStep], of id: String, at now: Date
    ) async throws(StoreError) -> [SessionEventRecord] {
        try await write { db in try self.take(steps, of: id, at: now, db).events }
    }

    /// Reads the session, takes the steps and writes what they change, inside the caller's transaction.
    private func take(
        _ steps: [SessionStep], of id: String, at now: Date?, _ db: GRDB.Database
    ) throws -> (session: SessionRecord, events: [SessionEventRecord]) {
        let known =
            try rows.known(id)
            ?? SessionRows.Known(
                session: SessionRecord.require(id, db, plans), last: SessionEventRecord.last(db, of: id))
        var after = known.session
        let told = Self.change(&after, by: steps)
        try after.write(over: known.session, db)
        let events = try SessionEventRecord.append(db, told, of: id, at: now ?? after.createdAt, after: known.last)
        rows.keep(SessionRows.Known(session: after.stored, last: known.last + events.count))
        if after.state == .ended { plans.forget(id) }
        return (after, events)
    }

    /// Takes the steps in memory; gives what they add to the story.
    private static func change(
        _ session: inout SessionRecord, by steps: [SessionStep]
    ) -> [(state: SessionState, message: String)] {
        var told: [(state: SessionState, message: String)] = []
        for step in steps {
            switch step {
            case .change(let change): change(&session)
            case .advanceWaiting where !session.isWaiting: continue
            case .advance(let change), .advanceWaiting(let change):
                change(&session)
                told.append((session.state, session.message))
            case .note(let state, let message): told.append((state, message))
            }
        }
        return told
    }

    package func touch(_ activity: [(session: String, at: Date)]) async throws(StoreError) {
        guard !activity.isEmpty else { return }
        try await write { [rows] db in
            let sql = "UPDATE session SET last_activity = :at WHERE id = :id AND last_activity < :at"
            let statement = try db.cachedStatement(sql: sql)
            for (id, at) in activity {
                try statement.execute(arguments: ["id": id, "at": Column.milliseconds(at)])
                rows.forget(id)
            }
        }
    }

    package func removeEnded(before instant: Date, atMost most: Int) async throws(StoreError) -> Int {
        // Looked for beside the writers, since those that stay are looked at again each time. What has ended changes no more.
        let ids = try await read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT id FROM session AS old WHERE ended_at < :instant AND id <> (SELECT max(id) FROM session)
                        AND id IS NOT (
                            SELECT id FROM session WHERE person = old.person AND ready_at IS NOT NULL
                            ORDER BY id DESC LIMIT 1)
                    ORDER BY ended_at LIMIT :most
                    """, arguments: ["instant": Column.milliseconds(instant), "most": most])
        }
        guard !ids.isEmpty else { return 0 }
        return try await write { db in
            let statement = try db.cachedStatement(sql: "DELETE FROM session WHERE id = :id")
            for id in ids { try statement.execute(arguments: ["id": id]) }
            return ids.count
        }
    }
}
