package import FoundationEssentials
internal import GRDB

extension Database: DeviceStore {
    // Each reads an index in its order, however many wait: whoever asks has shown nothing.
    static let forgettingThoseOfAddress = """
        DELETE FROM device_grant WHERE device_hash IN (
            SELECT device_hash FROM device_grant WHERE address = :address AND state = 'waiting'
            ORDER BY created_at DESC LIMIT 1000 OFFSET :most)
        """
    // All wait equally long, so that the index of their ends has them in order.
    static let forgettingThoseOfAll = """
        DELETE FROM device_grant WHERE device_hash IN (
            SELECT device_hash FROM device_grant WHERE state = 'waiting'
            ORDER BY expires_at DESC LIMIT 1000 OFFSET :most)
        """

    package func insert(_ device: DeviceRecord, most: Int, altogether: Int) async throws(StoreError) {
        try await write { db in
            do {
                try db.execute(
                    sql: """
                        INSERT INTO device_grant (device_hash, user_hash, host, address, rights, state, person, pause,
                            asked_at, created_at, expires_at)
                        VALUES (:device_hash, :user_hash, :host, :address, :rights, :state, :person, :pause, :asked_at,
                            :created_at, :expires_at)
                        """, arguments: device.arguments())
            } catch let error as GRDB.DatabaseError where error.isUniqueViolation {
                throw StoreError.taken(.userCode)
            }
            try db.execute(
                sql: Self.forgettingThoseOfAddress, arguments: ["address": device.address, "most": most])
            try db.execute(sql: Self.forgettingThoseOfAll, arguments: ["most": altogether])
        }
    }

    package func device(userHash: [UInt8], at now: Date) async throws(StoreError) -> DeviceRecord? {
        try await read { db in
            let sql = "SELECT * FROM device_grant WHERE user_hash = :hash AND state = 'waiting' AND expires_at > :now"
            return try Row.fetchOne(
                db, sql: sql, arguments: ["hash": Data(userHash), "now": Column.milliseconds(now)]
            ).map(DeviceRecord.init)
        }
    }

    package func decide(
        _ state: DeviceRecord.State, userHash: [UInt8], person: Int64, at now: Date
    ) async throws(StoreError) -> Bool {
        try await write { db in
            // One statement: of two decisions the first counts.
            try db.execute(
                sql: """
                    UPDATE device_grant SET state = :state, person = :person
                    WHERE user_hash = :hash AND state = 'waiting' AND expires_at > :now
                    """,
                arguments: [
                    "state": state.rawValue, "person": person, "hash": Data(userHash), "now": Column.milliseconds(now),
                ])
            return db.changesCount > 0
        }
    }

    package func ask(deviceHash: [UInt8], more: Int64, at now: Date) async throws(StoreError) -> DeviceAnswer? {
        try await write { db in
            let sql = "SELECT * FROM device_grant WHERE device_hash = :hash"
            guard
                let device = try Row.fetchOne(db, sql: sql, arguments: ["hash": Data(deviceHash)]).map(
                    DeviceRecord.init)
            else { return nil }
            guard device.expiresAt > now, device.state == .waiting else {
                try db.execute(
                    sql: "DELETE FROM device_grant WHERE device_hash = :hash", arguments: ["hash": Data(deviceHash)])
                guard device.expiresAt > now else { return .expired }
                return device.state == .allowed ? .allowed(device) : .denied
            }
            let isTooSoon = device.askedAt.map { now < $0 + Double(device.pause) } ?? false
            try db.execute(
                sql: "UPDATE device_grant SET asked_at = :now, pause = pause + :more WHERE device_hash = :hash",
                arguments: [
                    "now": Column.milliseconds(now), "more": isTooSoon ? more : 0, "hash": Data(deviceHash),
                ])
            return isTooSoon ? .tooSoon : .waiting
        }
    }
}

extension DeviceRecord {
    init(_ row: Row) throws {
        self.init(
            deviceHash: try row.bytes("device_hash"), userHash: try row.bytes("user_hash"),
            host: try row.text("host"), address: try row.text("address"), rights: try row.document("rights"),
            state: try row.word("state"), person: try row.integerIfAny("person"), pause: try row.integer("pause"),
            askedAt: try row.instantIfAny("asked_at"), createdAt: try row.instant("created_at"),
            expiresAt: try row.instant("expires_at"))
    }

    fileprivate func arguments() throws -> StatementArguments {
        [
            "device_hash": Data(deviceHash), "user_hash": Data(userHash), "host": host, "address": address,
            "rights": try Column.json(rights), "state": state.rawValue, "person": person, "pause": pause,
            "asked_at": askedAt.map(Column.milliseconds), "created_at": Column.milliseconds(createdAt),
            "expires_at": Column.milliseconds(expiresAt),
        ]
    }
}
