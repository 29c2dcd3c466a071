internal import GRDB

extension Database {
    /// Opens the database of a hub that may be running, for a command beside it. Neither makes the file nor changes its
    /// schema: with another version of Orrery's it is `.unavailable`.
    package convenience init(beside path: String) throws(StoreError) {
        try DatabaseFile.find(path)
        try self.init(path: path, migrations: [])
        let known = Migration.all.count
        let taken = try taken()
        guard taken == known else {
            throw StoreError(
                .unavailable, "the database \(path) has schema \(taken), and this program knows \(known)",
                next: "use the program that the hub runs")
        }
    }
}
