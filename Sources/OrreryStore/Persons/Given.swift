internal import GRDB

/// Names, and with them ids, that were given to a person once and are never given again.
enum GivenName {
    static func isGiven(_ name: String, _ db: GRDB.Database) throws -> Bool {
        try Row.fetchOne(db, sql: "SELECT 1 FROM given_name WHERE name = :name", arguments: ["name": name]) != nil
    }

    /// Gives `name` together with an id that nobody had, or throws `.conflict`.
    static func give(_ name: String, _ db: GRDB.Database) throws -> Int64 {
        guard try !isGiven(name, db) else { throw StoreError.taken(.name) }
        let id = try Int64.fetchOne(db, sql: "SELECT coalesce(max(person), 0) + 1 FROM given_name") ?? 1
        try db.execute(
            sql: "INSERT INTO given_name (name, person) VALUES (:name, :person)",
            arguments: ["name": name, "person": id])
        return id
    }
}

/// Uids that were given to a person once and are never given again.
enum GivenUID {
    /// Gives `uid` to a person, who may have it already, or throws `.conflict` when it is or was somebody else's.
    static func give(_ uid: UInt32, to person: Int64, _ db: GRDB.Database) throws {
        let sql = "SELECT person FROM given_uid WHERE uid = :uid"
        if let owner = try Int64.fetchOne(db, sql: sql, arguments: ["uid": uid]) {
            guard owner == person else { throw StoreError.taken(.uid) }
            return
        }
        try db.execute(
            sql: "INSERT INTO given_uid (uid, person) VALUES (:uid, :person)",
            arguments: ["uid": uid, "person": person])
    }

    /// The lowest uid of `range` above all that were given from it; where there is none, the lowest that never was: somebody's
    /// issuer may have given one at the top.
    static func next(in range: ClosedRange<UInt32>, _ db: GRDB.Database) throws -> UInt32 {
        let bounds: StatementArguments = ["low": max(1, range.lowerBound), "high": range.upperBound]
        let next = try Int64.fetchOne(
            db,
            sql: """
                SELECT coalesce(
                    (SELECT CASE WHEN max(uid) < :high THEN max(uid) + 1 END FROM given_uid
                        WHERE uid BETWEEN :low AND :high),
                    (SELECT :low WHERE NOT EXISTS (SELECT 1 FROM given_uid WHERE uid = :low)),
                    (SELECT min(uid) + 1 FROM given_uid AS given WHERE uid BETWEEN :low AND :high - 1
                        AND NOT EXISTS (SELECT 1 FROM given_uid WHERE uid = given.uid + 1)))
                """, arguments: bounds)
        guard let uid = next.flatMap({ UInt32(exactly: $0) }), range.contains(uid) else {
            throw StoreError(
                .unavailable, "all uids from \(range.lowerBound) to \(range.upperBound) have been given",
                next: "widen users.uid in the configuration")
        }
        return uid
    }
}
