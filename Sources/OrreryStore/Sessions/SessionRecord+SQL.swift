internal import GRDB
internal import OrreryModel

extension SessionRecord {
    /// The columns as `init` reads them.
    private static let columns = [
        "id", "plan_hash", "plan", "person", "person_name", "server", "profile", "environment", "size", "cluster",
        "spawn", "namespace", "pod", "pod_uid", "address", "prefix", "state", "message", "created_at", "ready_at",
        "ended_at", "end_reason", "last_activity", "account", "wish",
    ]
    private static let selection = "SELECT \(columns.joined(separator: ", ")) FROM session WHERE "

    private init(_ row: ColumnWalk, _ plans: PlanMemory) throws {
        var walk = row
        let (id, planHash) = (try walk.text(), try walk.text())
        let known = plans.plan(hash: planHash, of: id)
        let plan = try known ?? walk.document { try Column.document($0, as: Plan.self) }
        if known == nil { plans.keep(plan, hash: planHash, of: id) } else { walk.skip() }
        self.init(
            id: id, person: try walk.integer(), personName: try walk.text(), server: try walk.text(),
            profile: try walk.text(), environment: try walk.text(), size: try walk.text(), cluster: try walk.text(),
            plan: plan, planHash: planHash,
            spawn: try walk.text(), namespace: try walk.text(), pod: try walk.text(), podUID: try walk.textIfAny(),
            address: try walk.textIfAny(), prefix: try walk.text(), state: try walk.word(),
            message: try walk.text(), createdAt: try walk.instant(), readyAt: try walk.instantIfAny(),
            endedAt: try walk.instantIfAny(), endReason: try walk.wordIfAny(), lastActivity: try walk.instant(),
            account: try walk.text(), wish: try walk.documentIfAny { try Column.choice($0) })
        if state == .ended { plans.forget(id) }
    }

    /// The sessions that meet `condition`, which may go on with ORDER BY and LIMIT.
    static func fetch(
        _ db: GRDB.Database, _ plans: PlanMemory, where condition: String, _ arguments: StatementArguments = [:]
    ) throws -> [SessionRecord] {
        try db.walk(selection + condition, arguments) { try SessionRecord($0, plans) }
    }

    static func require(_ id: String, _ db: GRDB.Database, _ plans: PlanMemory) throws -> SessionRecord {
        guard let record = try fetch(db, plans, where: "id = :id", ["id": id]).first else { throw StoreError.noSession }
        return record
    }

    func insert(_ db: GRDB.Database, planText: String?) throws {
        try db.run(
            """
            INSERT INTO session (id, person, person_name, server, profile, environment, size, cluster, plan,
                plan_hash, spawn, namespace, pod, pod_uid, address, prefix, state, message, created_at, ready_at,
                ended_at, end_reason, last_activity, account, wish)
            VALUES (:id, :person, :person_name, :server, :profile, :environment, :size, :cluster, :plan,
                :plan_hash, :spawn, :namespace, :pod, :pod_uid, :address, :prefix, :state, :message, :created_at,
                :ready_at, :ended_at, :end_reason, :last_activity, :account, :wish)
            """,
            [
                "id": id, "person": person, "person_name": personName, "server": server, "profile": profile,
                "environment": environment, "size": size, "cluster": cluster,
                "plan": try planText ?? Column.json(plan), "plan_hash": planHash, "spawn": spawn,
                "namespace": namespace, "pod": pod, "pod_uid": podUID,
                "address": address, "prefix": prefix, "state": state.rawValue, "message": message,
                "created_at": Column.milliseconds(createdAt), "ready_at": readyAt.map(Column.milliseconds),
                "ended_at": endedAt.map(Column.milliseconds), "end_reason": endReason?.rawValue,
                "last_activity": Column.milliseconds(lastActivity), "account": account,
                "wish": wish.map { Column.text($0) },
            ])
    }

    /// Writes where it runs, which changes once at most: when it has waited long enough.
    private func writePlace(_ db: GRDB.Database) throws {
        try db.run(
            """
            UPDATE session SET cluster = :cluster, plan = :plan, plan_hash = :plan_hash, namespace = :namespace,
                wish = :wish
            WHERE id = :id
            """,
            [
                "id": id, "cluster": cluster, "plan": try Column.json(plan), "plan_hash": planHash,
                "namespace": namespace, "wish": wish.map { Column.text($0) },
            ])
    }

    /// Writes what it would ask for again, which changes with every start and whenever it has to wait.
    private func writeWish(_ db: GRDB.Database) throws {
        try db.run(
            "UPDATE session SET wish = :wish WHERE id = :id", ["id": id, "wish": wish.map { Column.text($0) }])
    }

    /// Writes what is variable but its end. Activity is not: it comes through `touch` alone, so that an update never sets it
    /// back.
    private func write(_ db: GRDB.Database) throws {
        try db.run(
            """
            UPDATE session SET pod_uid = :pod_uid, address = :address, state = :state, message = :message,
                ready_at = :ready_at
            WHERE id = :id
            """,
            [
                "id": id, "pod_uid": podUID, "address": address, "state": state.rawValue, "message": message,
                "ready_at": readyAt.map(Column.milliseconds),
            ])
    }

    /// The same with its end. Four indices know only sessions that have, or have not, ended: SQLite writes their entries
    /// anew whenever that column is written.
    private func writeEnd(_ db: GRDB.Database) throws {
        try db.run(
            """
            UPDATE session SET pod_uid = :pod_uid, address = :address, state = :state, message = :message,
                ready_at = :ready_at, ended_at = :ended_at, end_reason = :end_reason
            WHERE id = :id
            """,
            [
                "id": id, "pod_uid": podUID, "address": address, "state": state.rawValue, "message": message,
                "ready_at": readyAt.map(Column.milliseconds), "ended_at": endedAt.map(Column.milliseconds),
                "end_reason": endReason?.rawValue,
            ])
    }

    /// Writes what is another than in `before`, which is what is stored now.
    func write(over before: SessionRecord, _ db: GRDB.Database) throws {
        if before.state == .ended, state != .ended { throw StoreError.taken(.ended) }
        guard self != before else { return }
        let hasSameEnd = endedAt == before.endedAt && endReason == before.endReason
        try hasSameEnd ? write(db) : writeEnd(db)
        if isElsewhere(than: before) {
            try writePlace(db)
        } else if wish != before.wish {
            try writeWish(db)
        }
    }
}
