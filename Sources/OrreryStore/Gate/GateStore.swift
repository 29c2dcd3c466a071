package import FoundationEssentials

/// What has to outlive the hub so that the gate of its proxies goes on as before.
package protocol GateStore: Sendable {
    /// The random bytes kept under `name`; `fresh`, from now on, where there were none. All callers get the same.
    func seed(_ name: String, orKeep fresh: [UInt8]) async throws(StoreError) -> [UInt8]

    /// Remembers that a login was ended, until `end`, by when no ticket of it is valid. Doing it again moves the end.
    func rememberEnded(sid: String, until end: Date) async throws(StoreError)
    /// The logins that are remembered at `now`, by their names, with their ends.
    func endedLogins(at now: Date) async throws(StoreError) -> [String: Date]
    /// Forgets those whose end has come; gives their number.
    func removeEndedLogins(at now: Date) async throws(StoreError) -> Int
}
