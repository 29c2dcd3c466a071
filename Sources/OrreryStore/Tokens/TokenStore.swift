package import FoundationEssentials

/// The tokens this hub issued and the codes it gave out for them.
package protocol TokenStore: Sendable {
    /// `.conflict` (`.code`) when the code that the token is for has been shown a second time, or is gone; `.conflict`
    /// (`.tokens`) when its person has `most` tokens of its kind already that have not expired when this one is made.
    func insert(_ token: TokenRecord, most: Int) async throws(StoreError)
    /// The token with this hash, unless it has expired at `now`. Nil is a certain no: an error is never turned into it.
    func token(hash: [UInt8], at now: Date) async throws(StoreError) -> TokenRecord?
    /// The same with its person, in one look.
    func holder(hash: [UInt8], at now: Date) async throws(StoreError) -> (token: TokenRecord, person: PersonRecord)?
    /// The person's tokens that have neither expired nor were made for a session that has ended, the newest first.
    func tokens(person: Int64, at now: Date) async throws(StoreError) -> [TokenRecord]
    /// Records when each token was last used, in one transaction. An older instant changes nothing, an unknown id is
    /// passed over.
    func touchTokens(_ used: [(id: String, at: Date)]) async throws(StoreError)
    /// Ends one token, and those that were made with it; whether there was one.
    func removeToken(id: String) async throws(StoreError) -> Bool
    /// Ends the tokens and codes granted through a login; gives their number.
    func removeTokens(sid: String) async throws(StoreError) -> Int
    /// Ends all tokens and codes of a person; gives their number.
    func removeTokens(person: Int64) async throws(StoreError) -> Int

    func insert(_ code: CodeRecord) async throws(StoreError)
    /// Takes the code out: the first caller gets it, unless it has expired at `now`; every other one gets nil, whatever comes of
    /// it, and ends the token that was given for it (RFC 6749 4.1.2).
    func takeCode(hash: [UInt8], at now: Date) async throws(StoreError) -> CodeRecord?

    /// Removes tokens and codes that have expired at `now`, and tokens of sessions that have ended; gives the number of rows.
    func removeExpiredTokens(at now: Date) async throws(StoreError) -> Int
}

extension TokenStore {
    /// As above, however many there are.
    package func insert(_ token: TokenRecord) async throws(StoreError) { try await insert(token, most: .max) }
}
