package import FoundationEssentials
package import OrreryModel

/// Sessions and what happened to them. The row comes before the pod: what is not stored here was never promised.
package protocol SessionStore: Sendable {
    /// Stores a new session. `.conflict` (`.liveSession`) while the person has one of that server name that has not
    /// ended, or while another live session has its prefix; `.missing` when the person does not exist.
    func create(_ session: SessionRecord) async throws(StoreError)
    /// The same, with the beginning of its story in the same transaction: its state and message, and what `steps` add, of which
    /// the session is stored with the last. Gives the events. `planText` is the plan's canonical JSON where somebody has written
    /// it already.
    func open(
        _ session: SessionRecord, planText: String?, then steps: [SessionStep]
    ) async throws(StoreError) -> [SessionEventRecord]
    func session(id: String) async throws(StoreError) -> SessionRecord?
    /// The person's sessions that have not ended, in the order in which they were asked for.
    func active(person: Int64) async throws(StoreError) -> [SessionRecord]
    /// Everybody's sessions that have not ended, in the order in which they were asked for.
    func allActive() async throws(StoreError) -> [SessionRecord]
    /// How many sessions that have not ended are in each state; nothing for a state that none is in.
    func activeByState() async throws(StoreError) -> [SessionState: Int]
    /// The identifier of the session that was asked for last, also when it has ended.
    func newestSession() async throws(StoreError) -> String?
    /// The person's session that ended last.
    func lastEnded(person: Int64) async throws(StoreError) -> SessionRecord?
    /// The person's session that ended last of those whose prefix `path` begins with; of several such prefixes the longest counts.
    func lastEnded(person: Int64, under path: String) async throws(StoreError) -> SessionRecord?
    /// The person's ended sessions, the one that ended last first.
    func history(person: Int64, limit: Int) async throws(StoreError) -> [SessionRecord]

    /// Everybody's sessions that ended at `instant` or later.
    func ended(since instant: Date) async throws(StoreError) -> [SessionRecord]
    /// The clusters on which the person's last sessions became ready, the last one last.
    func places(person: Int64) async throws(StoreError) -> [String]

    /// Changes what is variable in a session and gives back the session as it is then. Reading, `change` and writing are
    /// one transaction, so nothing that another writer did in between is lost. `change` must be quick and without effects of its own.
    /// `.missing` when there is no such session, `.conflict` (`.ended`) when it would bring an ended one back.
    func update(_ id: String, _ change: @escaping @Sendable (inout SessionRecord) -> Void)
        async throws(StoreError) -> SessionRecord

    /// The same, and one event with the state and the message that the session then has, in the same transaction.
    func advance(_ id: String, at now: Date, _ change: @escaping @Sendable (inout SessionRecord) -> Void)
        async throws(StoreError) -> (session: SessionRecord, event: SessionEventRecord)

    /// Takes all of `steps` in one transaction, in their order; gives the events that they have added. As `update` and
    /// `advance` in everything else.
    func keep(_ steps: [SessionStep], of id: String, at now: Date) async throws(StoreError) -> [SessionEventRecord]

    /// Adds what happened and gives it its number. `.missing` when there is no such session.
    func appendEvent(session: String, at now: Date, state: SessionState, message: String)
        async throws(StoreError) -> SessionEventRecord
    /// What happened after event `number`, in order. 0 gives all.
    func events(session: String, after number: Int) async throws(StoreError) -> [SessionEventRecord]

    /// Records activity, in one transaction. An older instant changes nothing; an unknown session is passed over.
    func touch(_ activity: [(session: String, at: Date)]) async throws(StoreError)

    /// Removes sessions that ended before `instant`, with their events and tokens, the first that ended first and `most` at
    /// most; gives their number. The newest session of all stays, and of each person the newest that became ready: it says
    /// where their files are.
    func removeEnded(before instant: Date, atMost most: Int) async throws(StoreError) -> Int
}
