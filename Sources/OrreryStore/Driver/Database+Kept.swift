internal import GRDB

// Statements that are understood once for each connection and then kept: SQLite takes longer to read most of ours than to
// carry them out.
extension GRDB.Database {
    func kept(_ sql: String) throws -> Statement { try cachedStatement(sql: sql) }

    func all(_ sql: String, _ arguments: StatementArguments = [:]) throws -> [Row] {
        try Row.fetchAll(kept(sql), arguments: arguments)
    }

    /// What `read` makes of each row, without the copies that `all` takes.
    func walk<Value>(
        _ sql: String, _ arguments: StatementArguments = [:], _ read: (ColumnWalk) throws -> Value
    ) throws -> [Value] {
        let statement = try kept(sql)
        let steps = try Step.fetchCursor(statement, arguments: arguments)
        var values: [Value] = []
        while try steps.next() != nil { values.append(try read(ColumnWalk(statement))) }
        return values
    }

    func first(_ sql: String, _ arguments: StatementArguments = [:]) throws -> Row? {
        try Row.fetchOne(kept(sql), arguments: arguments)
    }

    func run(_ sql: String, _ arguments: StatementArguments = [:]) throws {
        try kept(sql).execute(arguments: arguments)
    }
}
