package import FoundationEssentials

/// Programs that wait until a person has allowed them.
package protocol DeviceStore: Sendable {
    /// `.conflict` (`.userCode`) when the code for the person is another program's. Of more than `most` that
    /// wait from this address, or `altogether`, the oldest are forgotten.
    func insert(_ device: DeviceRecord, most: Int, altogether: Int) async throws(StoreError)
    /// The program with this code for the person, unless somebody has decided or it has expired at `now`.
    func device(userHash: [UInt8], at now: Date) async throws(StoreError) -> DeviceRecord?
    /// Decides for `person`. False when somebody has decided before, or nothing waits with this code any more.
    func decide(
        _ state: DeviceRecord.State, userHash: [UInt8], person: Int64, at now: Date
    ) async throws(StoreError) -> Bool
    /// Answers the program with this code; nil when there is none. `more` is added to the pause of one that asks too soon.
    func ask(deviceHash: [UInt8], more: Int64, at now: Date) async throws(StoreError) -> DeviceAnswer?
}
