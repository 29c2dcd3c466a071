internal import FoundationEssentials
internal import GRDB

extension Database: ClusterTokenStore {
    package func clusterToken(of cluster: String) async throws(StoreError) -> [UInt8]? {
        try await read { db in
            let sql = "SELECT sealed FROM cluster_token WHERE cluster = :cluster"
            return try Data.fetchOne(db, sql: sql, arguments: ["cluster": cluster]).map { [UInt8]($0) }
        }
    }

    package func keep(clusterToken sealed: [UInt8], of cluster: String) async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO cluster_token (cluster, sealed) VALUES (:cluster, :sealed)
                    ON CONFLICT (cluster) DO UPDATE SET sealed = excluded.sealed
                    """,
                arguments: ["cluster": cluster, "sealed": Data(sealed)])
        }
    }
}
