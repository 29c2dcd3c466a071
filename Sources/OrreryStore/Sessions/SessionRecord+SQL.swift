internal import GRDB
internal import OrreryModel

extension SessionRecord {
    init(_ row: Row) throws {
        self.init(
            id: try row.text("id"), person: try row.integer("person"), personName: try row.text("person_name"),
            server: try row.text("server"), profile: try row.text("profile"), environment: try row.text("environment"),
            size: try row.text("size"), cluster: try row.text("cluster"), plan: try row.document("plan"),
            planHash: try row.text("plan_hash"), spawn: try row.text("spawn"), namespace: try row.text("namespace"),
            pod: try row.text("pod"), podUID: try row.textIfAny("pod_uid"), address: try row.textIfAny("address"),
            prefix: try row.text("prefix"), state: try row.word("state"), message: try row.text("message"),
            createdAt: try row.instant("created_at"), readyAt: try row.instantIfAny("ready_at"),
            endedAt: try row.instantIfAny("ended_at"),
            endReason: try row.textIfAny("end_reason").map { _ in try row.word("end_reason") },
            lastActivity: try row.instant("last_activity"), account: try row.text("account"),
            wish: try row.textIfAny("wish").map { _ in try row.document("wish") })
    }

    /// The sessions that meet `condition`, which may go on with ORDER BY and LIMIT.
    static func fetch(
        _ db: GRDB.Database, where condition: String, _ arguments: StatementArguments = [:]
    ) throws -> [SessionRecord] {
        try Row.fetchAll(db, sql: "SELECT * FROM session WHERE \(condition)", arguments: arguments)
            .map(SessionRecord.init)
    }

    static func require(_ id: String, _ db: GRDB.Database) throws -> SessionRecord {
        guard let record = try fetch(db, where: "id = :id", ["id": id]).first else { throw StoreError.noSession }
        return record
    }

    func insert(_ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                INSERT INTO session (id, person, person_name, server, profile, environment, size, cluster, plan,
                    plan_hash, spawn, namespace, pod, pod_uid, address, prefix, state, message, created_at, ready_at,
                    ended_at, end_reason, last_activity, account, wish)
                VALUES (:id, :person, :person_name, :server, :profile, :environment, :size, :cluster, :plan,
                    :plan_hash, :spawn, :namespace, :pod, :pod_uid, :address, :prefix, :state, :message, :created_at,
                    :ready_at, :ended_at, :end_reason, :last_activity, :account, :wish)
                """,
            arguments: [
                "id": id, "person": person, "person_name": personName, "server": server, "profile": profile,
                "environment": environment, "size": size, "cluster": cluster, "plan": try Column.json(plan),
                "plan_hash": planHash, "spawn": spawn, "namespace": namespace, "pod": pod, "pod_uid": podUID,
                "address": address, "prefix": prefix, "state": state.rawValue, "message": message,
                "created_at": Column.milliseconds(createdAt), "ready_at": readyAt.map(Column.milliseconds),
                "ended_at": endedAt.map(Column.milliseconds), "end_reason": endReason?.rawValue,
                "last_activity": Column.milliseconds(lastActivity), "account": account,
                "wish": try wish.map { try Column.json($0) },
            ])
    }

    /// Writes where it runs, which changes once at most: when it has waited long enough.
    private func writePlace(_ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                UPDATE session SET cluster = :cluster, plan = :plan, plan_hash = :plan_hash, namespace = :namespace,
                    wish = :wish
                WHERE id = :id
                """,
            arguments: [
                "id": id, "cluster": cluster, "plan": try Column.json(plan), "plan_hash": planHash,
                "namespace": namespace, "wish": try wish.map { try Column.json($0) },
            ])
    }

    /// Writes what is variable. Activity is not: it comes through `touch` alone, so that an update never sets it back.
    func write(_ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                UPDATE session SET pod_uid = :pod_uid, address = :address, state = :state, message = :message,
                    ready_at = :ready_at, ended_at = :ended_at, end_reason = :end_reason
                WHERE id = :id
                """,
            arguments: [
                "id": id, "pod_uid": podUID, "address": address, "state": state.rawValue, "message": message,
                "ready_at": readyAt.map(Column.milliseconds), "ended_at": endedAt.map(Column.milliseconds),
                "end_reason": endReason?.rawValue,
            ])
    }

    /// Reads the session, changes it and writes it, inside the caller's transaction.
    static func change(
        _ id: String, _ db: GRDB.Database, _ change: (inout SessionRecord) -> Void
    ) throws -> SessionRecord {
        let before = try require(id, db)
        var after = before
        change(&after)
        if before.state == .ended, after.state != .ended { throw StoreError.taken(.ended) }
        if after != before { try after.write(db) }
        if after.isElsewhere(than: before) { try after.writePlace(db) }
        return after
    }
}
