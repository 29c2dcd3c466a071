internal import FoundationEssentials
internal import GRDB
internal import OrreryModel

extension AuditPlace {
    init(_ row: Row) throws { self.init(number: try row.integer("number"), mark: try row.bytes("mark")) }

    static func start(_ db: GRDB.Database) throws -> AuditPlace {
        let sql = "SELECT last AS number, mark FROM audit_removed ORDER BY last DESC LIMIT 1"
        return try db.first(sql).map(AuditPlace.init) ?? .start
    }

    static func end(_ db: GRDB.Database) throws -> AuditPlace {
        let sql = "SELECT number, mark FROM audit ORDER BY number DESC LIMIT 1"
        return try db.first(sql).map(AuditPlace.init) ?? start(db)
    }
}

extension AuditRecord {
    /// Puts this record behind `place`; the place after it.
    func append(
        after place: AuditPlace, _ mark: (AuditRecord, AuditPlace) -> [UInt8], _ db: GRDB.Database
    ) throws -> AuditPlace {
        let next = AuditPlace(number: place.number + 1, mark: mark(self, place))
        try db.run(
            """
            INSERT INTO audit (number, at, act, person, name, issuer, subject, ordered_by, address, cluster, object,
                why, request, mark)
            VALUES (:number, :at, :act, :person, :name, :issuer, :subject, :ordered_by, :address, :cluster, :object,
                :why, :request, :mark)
            """,
            [
                "number": next.number, "at": Column.milliseconds(at), "act": act, "person": person, "name": name,
                "issuer": identity?.issuer, "subject": identity?.subject, "ordered_by": orderedBy,
                "address": address, "cluster": cluster, "object": object, "why": why, "request": request,
                "mark": Data(next.mark),
            ])
        return next
    }
}

extension AuditEntry {
    init(_ row: Row) throws {
        var record = AuditRecord(at: try row.instant("at"), act: try row.text("act"))
        (record.person, record.name) = (try row.integerIfAny("person"), try row.textIfAny("name"))
        if let issuer = try row.textIfAny("issuer"), let subject = try row.textIfAny("subject") {
            record.identity = Identity(issuer: issuer, subject: subject)
        }
        (record.orderedBy, record.address) = (try row.textIfAny("ordered_by"), try row.textIfAny("address"))
        (record.cluster, record.object) = (try row.textIfAny("cluster"), try row.textIfAny("object"))
        (record.why, record.request) = (try row.textIfAny("why"), try row.textIfAny("request"))
        self.init(number: try row.integer("number"), record: record, mark: try row.bytes("mark"))
    }
}

extension AuditQuery {
    /// What has to hold besides, as SQL, and the values in it.
    var condition: (sql: String, arguments: StatementArguments) {
        var (sql, arguments) = ("", StatementArguments())
        if let person {
            sql += " AND (name = :person OR ordered_by = :person)"
            arguments += ["person": person]
        }
        if let since {
            sql += " AND at >= :since"
            arguments += ["since": Column.milliseconds(since)]
        }
        if let until {
            sql += " AND at < :until"
            arguments += ["until": Column.milliseconds(until)]
        }
        guard !acts.isEmpty else { return (sql, arguments) }
        let names = acts.indices.map { "act\($0)" }
        for (name, act) in zip(names, acts) { arguments += [name: act] }
        return (sql + " AND act IN (\(names.map { ":\($0)" }.joined(separator: ", ")))", arguments)
    }
}
