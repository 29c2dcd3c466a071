package import FoundationEssentials
internal import GRDB
package import OrreryModel

extension Database: PersonStore {
    package func person(id: Int64) async throws(StoreError) -> PersonRecord? {
        try look { db in try PersonRecord.fetch(db, where: "id = :id", ["id": id]).first }
    }

    package func person(identity: Identity) async throws(StoreError) -> PersonRecord? {
        try await read { db in try PersonRecord.find(db, identity) }
    }

    package func person(named name: String) async throws(StoreError) -> PersonRecord? {
        try look { db in try PersonRecord.fetch(db, where: "name = :name", ["name": name]).first }
    }

    package func allPersons() async throws(StoreError) -> [PersonRecord] {
        try await read { db in try PersonRecord.fetch(db, where: "1 = 1", [:]) }
    }

    package func isNameGiven(_ name: String) async throws(StoreError) -> Bool {
        try await read { db in try GivenName.isGiven(name, db) }
    }

    package func register(_ person: Person, isAdmin: Bool, at now: Date) async throws(StoreError) -> PersonRecord {
        try await write { db in
            if try IdentityOwner.find(person.identity, db) != nil { throw StoreError.taken(.identity) }
            let id = try GivenName.give(person.name, db)
            if let uid = person.uid { try GivenUID.give(uid, to: id, db) }
            let record = PersonRecord(
                id: id, person: person, isAdmin: isAdmin, isSuspended: false, createdAt: now, lastLogin: now)
            try record.insert(db)
            try IdentityOwner.insert(person.identity, of: id, at: now, db)
            return try PersonRecord.require(id, db)
        }
    }

    package func refresh(_ person: Person, isAdmin: Bool, at now: Date) async throws(StoreError) -> PersonRecord {
        try await write { db in
            guard let known = try PersonRecord.find(db, person.identity) else { throw StoreError.noPerson }
            if known.person.uid == nil, let uid = person.uid { try GivenUID.give(uid, to: known.id, db) }
            try db.execute(
                sql: """
                    UPDATE person SET uid = coalesce(uid, :uid), gid = coalesce(gid, :gid), member_of = :member_of,
                        is_admin = :is_admin, last_login = :last_login
                    WHERE id = :id
                    """,
                arguments: [
                    "uid": person.uid, "gid": person.gid, "member_of": try Column.json(sorted(person.groups)),
                    "is_admin": isAdmin, "last_login": Column.milliseconds(now), "id": known.id,
                ])
            return try PersonRecord.require(known.id, db)
        }
    }

    package func regroup(
        person id: Int64, _ groups: Set<Group>, isAdmin: Bool
    ) async throws(StoreError) -> PersonRecord {
        try await write { db in try PersonRecord.regroup(id, groups, isAdmin: isAdmin, db) }
    }

    package func giveUID(to id: Int64, from range: ClosedRange<UInt32>) async throws(StoreError) -> PersonRecord {
        try await write { db in
            let known = try PersonRecord.require(id, db)
            guard known.person.uid == nil else { return known }
            let uid = try GivenUID.next(in: range, db)
            try GivenUID.give(uid, to: id, db)
            try db.execute(sql: "UPDATE person SET uid = :uid WHERE id = :id", arguments: ["uid": uid, "id": id])
            return try PersonRecord.require(id, db)
        }
    }

    package func setSuspended(_ isSuspended: Bool, person id: Int64) async throws(StoreError) -> PersonRecord {
        try await write { db in
            try db.execute(
                sql: "UPDATE person SET is_suspended = :value WHERE id = :id",
                arguments: ["value": isSuspended, "id": id])
            return try PersonRecord.require(id, db)
        }
    }

    package func remove(person id: Int64) async throws(StoreError) {
        try await write { db in
            _ = try PersonRecord.require(id, db)
            let live = "SELECT 1 FROM session WHERE person = :id AND ended_at IS NULL"
            if try Row.fetchOne(db, sql: live, arguments: ["id": id]) != nil { throw StoreError.taken(.liveSession) }
            try db.execute(sql: "DELETE FROM session WHERE person = :id", arguments: ["id": id])
            try db.execute(sql: "DELETE FROM person WHERE id = :id", arguments: ["id": id])
        }
    }
}
