internal import GRDB

extension StoreError {
    /// What an error of the driver means. SQLite's own words are kept only where they speak of the file, never where
    /// they could repeat a value.
    init(_ error: any Error, path: String) {
        switch error {
        case let error as StoreError: self = error
        case let error as GRDB.DatabaseError: self.init(sqlite: error, path: path)
        case is CancellationError:
            self.init(.cancelled, "the request was given up before the database answered", next: "nothing was changed")
        default:
            self.init(
                .corrupt, "a record in \(path) cannot be understood (\(type(of: error)))",
                next: "restore the database from a backup, or report this with the version of Orrery")
        }
    }

    private init(sqlite error: GRDB.DatabaseError, path: String) {
        let words = "SQLite \(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, "the database \(path) is held by another process", next: "try again in a moment")
        case .SQLITE_INTERRUPT, .SQLITE_ABORT:
            self.init(.cancelled, "the request was given up before the database answered", next: "nothing was changed")
        case .SQLITE_CONSTRAINT:
            self.init(
                .conflict, "the database refuses this change because it contradicts what is stored",
                next: "look at the record as it is now and ask again")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT:
            self.init(
                .corrupt, "\(path) is damaged or is not a database (\(words))",
                next: "restore it from a backup, or name another file under hub.database")
        case .SQLITE_FULL:
            self.init(.unavailable, "the disk that holds \(path) is full", next: "free some space")
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(
                .unavailable, "the database \(path) cannot be written (\(words))",
                next: "let the account that runs the hub write the file and its directory")
        default:
            self.init(
                .unavailable, "the database \(path) does not answer (\(words))",
                next: "look at its disk and the hub's log")
        }
    }
}

extension GRDB.DatabaseError {
    /// Whether a UNIQUE or PRIMARY KEY constraint refused the statement.
    var isUniqueViolation: Bool {
        extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE || extendedResultCode == .SQLITE_CONSTRAINT_PRIMARYKEY
    }

    /// Whether the statement refers to a record that is not there.
    var isForeignKeyViolation: Bool { extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY }
}
