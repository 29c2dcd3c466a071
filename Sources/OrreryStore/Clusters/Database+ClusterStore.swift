package import FoundationEssentials
internal import GRDB
internal import OrreryModel

// The clusters themselves; those that ask to join are in `Database+JoinStore.swift`.
extension Database: ClusterStore {
    package func clusters() async throws(StoreError) -> [ClusterRecord] {
        try await read { db in
            let keys = Dictionary(grouping: try ClusterKey.all(db), by: \.cluster).mapValues { $0.map(\.key) }
            return try Row.fetchAll(db, sql: "SELECT * FROM cluster ORDER BY name").map { row in
                try ClusterRecord(row, keys: keys[row.text("name")] ?? [])
            }
        }
    }

    package func clusterRevision() async throws(StoreError) -> Int64 {
        try await read { db in try Int64.fetchOne(db, sql: "SELECT max(number) FROM cluster_revision") ?? 0 }
    }

    package func admit(_ cluster: ClusterRecord, with invite: String?, at now: Date) async throws(StoreError) {
        try await write { db in
            if let invite { try Self.take(invite, at: now, db) }
            guard
                try Row.fetchOne(db, sql: "SELECT 1 FROM cluster WHERE name = :name", arguments: ["name": cluster.name])
                    == nil
            else { throw StoreError.taken(.clusterName) }
            try cluster.insert(db)
            for key in cluster.keys {
                try key.insert(for: cluster.name, db)
                try db.execute(sql: "DELETE FROM cluster_join WHERE key_id = :id", arguments: ["id": key.id])
            }
            // A key that is known says more than the uid.
            try Self.checkUID(of: cluster, db)
            try Self.countClusterChange(db)
        }
    }

    @discardableResult package func changeCluster(
        _ name: String, _ change: @escaping @Sendable (inout ClusterRecord) -> Void
    ) async throws(StoreError) -> ClusterRecord {
        try await write { db in
            guard
                let row = try Row.fetchOne(
                    db, sql: "SELECT * FROM cluster WHERE name = :name", arguments: ["name": name])
            else { throw StoreError.noCluster }
            let before = try ClusterRecord(row, keys: ClusterKey.all(db, of: name).map(\.key))
            var after = before
            change(&after)
            guard after != before else { return before }
            try after.update(db)
            if after.keys != before.keys {
                try db.execute(sql: "DELETE FROM cluster_key WHERE cluster = :name", arguments: ["name": name])
                for key in after.keys { try key.insert(for: name, db) }
            }
            try Self.countClusterChange(db)
            return after
        }
    }

    package func note(health: String, of cluster: String, since instant: Date) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: "UPDATE cluster SET health = :health, health_at = :at WHERE name = :name",
                arguments: ["health": health, "at": Column.milliseconds(instant), "name": cluster])
        }
    }

    static func countClusterChange(_ db: GRDB.Database) throws {
        try db.execute(sql: "UPDATE cluster_revision SET number = number + 1")
    }

    /// Which cluster it really is says its uid: no two members are the same.
    private static func checkUID(of cluster: ClusterRecord, _ db: GRDB.Database) throws {
        guard let uid = cluster.uid else { return }
        let same = try Row.fetchAll(
            db, sql: "SELECT * FROM cluster WHERE uid = :uid AND name <> :name",
            arguments: ["uid": uid, "name": cluster.name])
        for row in same {
            let membership = try ClusterRecord(row, keys: []).facets.membership.value
            if membership == .member || membership == .suspended { throw StoreError.taken(.clusterUID) }
        }
    }

    private static func take(_ invite: String, at now: Date, _ db: GRDB.Database) throws {
        try db.execute(
            sql: "UPDATE cluster_invite SET uses = uses - 1 WHERE id = :id AND uses > 0 AND expires_at > :now",
            arguments: ["id": invite, "now": Column.milliseconds(now)])
        guard db.changesCount > 0 else { throw StoreError.taken(.invite) }
    }
}
