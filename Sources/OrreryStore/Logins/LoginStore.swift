package import FoundationEssentials

/// Who is logged in with which browser, and logins under way.
package protocol LoginStore: Sendable {
    /// Stores a new login, and what its issuer wants to see again at the logout, sealed.
    func insert(_ login: LoginRecord, hint: [UInt8]?) async throws(StoreError)
    /// What was stored with the login for the logout.
    func hint(of login: LoginRecord) async throws(StoreError) -> [UInt8]?
    /// The login whose cookie has this hash, unless it has expired at `now`.
    func login(hash: [UInt8], at now: Date) async throws(StoreError) -> LoginRecord?
    /// The person's logins that have not expired, the newest first.
    func logins(person: Int64, at now: Date) async throws(StoreError) -> [LoginRecord]
    /// The logins for which the issuer called `issuer` vouched, under this name of its session, of the person, or under both.
    func logins(issuer: String, subject: String?, session: String?, at now: Date) async throws(StoreError)
        -> [LoginRecord]
    /// Takes from a login the groups that it raises, but for those called in `names`.
    func keepRaised(_ names: Set<String>, of login: LoginRecord) async throws(StoreError)
    /// Records when each of these browsers was last seen, in one transaction. An older instant changes nothing, an
    /// unknown hash is passed over.
    func touchLogins(_ seen: [(hash: [UInt8], at: Date)]) async throws(StoreError)
    /// Ends one login and gives back what it was; nil when it had ended. Two callers: one gets it.
    func removeLogin(hash: [UInt8]) async throws(StoreError) -> LoginRecord?
    /// Ends all logins of a person and gives them back, so that the proxy can be told their `sid`s.
    func removeLogins(person: Int64) async throws(StoreError) -> [LoginRecord]

    /// Stores a login that is under way. Of one browser at most 20 are kept, and of all at most `most`: the newest.
    func insert(_ transaction: TransactionRecord, most: Int) async throws(StoreError)
    /// How many logins are under way at `now`.
    func transactions(at now: Date) async throws(StoreError) -> Int
    /// Takes the transaction out: the first caller gets it, every other one gets nil. One that has expired at `now` is
    /// removed too, and nobody gets it.
    func takeTransaction(stateHash: [UInt8], at now: Date) async throws(StoreError) -> TransactionRecord?

    /// Removes logins that have expired at `now`, the tokens and codes that hang on them, and expired transactions; gives the
    /// number of rows.
    func removeExpiredLogins(at now: Date) async throws(StoreError) -> Int
}

extension LoginStore {
    /// As above, however many there are.
    package func insert(_ transaction: TransactionRecord) async throws(StoreError) {
        try await insert(transaction, most: .max)
    }

    package func insert(_ login: LoginRecord) async throws(StoreError) { try await insert(login, hint: nil) }
}
