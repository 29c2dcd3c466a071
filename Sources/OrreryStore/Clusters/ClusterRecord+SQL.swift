internal import FoundationEssentials
internal import GRDB
internal import OrreryModel

extension ClusterRecord {
    init(_ row: Row, keys: [ClusterKey]) throws {
        self.init(
            name: try row.text("name"), kind: try row.word("kind"), title: try row.text("title"),
            uid: try row.textIfAny("uid"), owner: try row.textIfAny("owner"), namespace: try row.text("namespace"),
            admission: try row.document("admission"), facets: try row.document("facets"), keys: keys)
        inventory = try row.textIfAny("inventory").map { _ in try row.document("inventory") }
        inventoryAt = try row.instantIfAny("inventory_at")
        rotationAskedAt = try row.instantIfAny("rotation_asked_at")
        health = try row.textIfAny("health")
        healthAt = try row.instantIfAny("health_at")
    }

    func insert(_ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                INSERT INTO cluster (name, kind, title, uid, owner, namespace, admission, facets, inventory,
                    inventory_at, rotation_asked_at)
                VALUES (:name, :kind, :title, :uid, :owner, :namespace, :admission, :facets, :inventory,
                    :inventory_at, :rotation_asked_at)
                """, arguments: try arguments())
    }

    func update(_ db: GRDB.Database) throws {
        try db.execute(
            sql: """
                UPDATE cluster SET kind = :kind, title = :title, uid = :uid, owner = :owner, namespace = :namespace,
                    admission = :admission, facets = :facets, inventory = :inventory, inventory_at = :inventory_at,
                    rotation_asked_at = :rotation_asked_at
                WHERE name = :name
                """, arguments: try arguments())
    }

    private func arguments() throws -> StatementArguments {
        [
            "name": name, "kind": kind.rawValue, "title": title, "uid": uid, "owner": owner, "namespace": namespace,
            "admission": try Column.json(admission), "facets": try Column.json(facets),
            "inventory": try inventory.map { try Column.json($0) },
            "inventory_at": inventoryAt.map(Column.milliseconds),
            "rotation_asked_at": rotationAskedAt.map(Column.milliseconds),
        ]
    }
}

extension ClusterKey {
    /// Every key, or those of one cluster, the oldest first.
    static func all(_ db: GRDB.Database, of cluster: String? = nil) throws -> [(cluster: String, key: ClusterKey)] {
        let sql = "SELECT * FROM cluster_key WHERE :cluster IS NULL OR cluster = :cluster ORDER BY since, id"
        return try Row.fetchAll(db, sql: sql, arguments: ["cluster": cluster]).map { row in
            let key = ClusterKey(
                id: try row.text("id"), spki: try row.bytes("spki"), since: try row.instant("since"),
                endsAt: try row.instantIfAny("ends_at"))
            return (try row.text("cluster"), key)
        }
    }

    func insert(for cluster: String, _ db: GRDB.Database) throws {
        do {
            try db.execute(
                sql: """
                    INSERT INTO cluster_key (id, cluster, spki, since, ends_at)
                    VALUES (:id, :cluster, :spki, :since, :ends_at)
                    """,
                arguments: [
                    "id": id, "cluster": cluster, "spki": Data(spki), "since": Column.milliseconds(since),
                    "ends_at": endsAt.map(Column.milliseconds),
                ])
        } catch let error as GRDB.DatabaseError where error.isUniqueViolation {
            throw StoreError.taken(.clusterKey)
        }
    }
}
