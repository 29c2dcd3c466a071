package import FoundationEssentials

/// One file of tokens in the pod of a session, and when it has to be renewed. The token itself is not here.
package struct TokenFileRecord: Hashable, Sendable {
    package let session: String
    package let person: Int64
    /// Who gives the token: the label of an issuer, or the name that the hub gives to its own.
    package let source: String
    /// Whether it is also the file that programs find without being told about a source.
    package let isDefault: Bool
    /// When to get the next one.
    package var dueAt: Date
    /// When the token in the pod ends; nil before the first.
    package var endsAt: Date?
    /// How often in a row no new one could be had or delivered.
    package var failures: Int

    package init(
        session: String, person: Int64, source: String, isDefault: Bool, dueAt: Date, endsAt: Date? = nil,
        failures: Int = 0
    ) {
        self.session = session
        self.person = person
        self.source = source
        self.isDefault = isDefault
        self.dueAt = dueAt
        self.endsAt = endsAt
        self.failures = failures
    }
}

/// The token files of sessions that have not ended.
package protocol TokenFileStore: Sendable {
    /// Stores the file or what has changed about it. A session that is not known any more is passed over.
    func put(_ file: TokenFileRecord) async throws(StoreError)
    /// The files of `source` that are due at `now`, the most urgent first, and of each cluster no more than `limit`. None of a session
    /// that is stopping or has ended.
    func dueTokenFiles(
        of source: String, at now: Date, onEachCluster limit: Int
    ) async throws(StoreError) -> [TokenFileRecord]
    func tokenFiles(session: String) async throws(StoreError) -> [TokenFileRecord]
    /// Forgets the files of sessions that have ended; gives their number.
    func removeEndedTokenFiles() async throws(StoreError) -> Int
}
