/// The sealed values of the whole store, whatever they are for.
package protocol SealedStore: Sendable {
    /// How many values name each key.
    func sealedValues() async throws(StoreError) -> [UInt32: Int]

    /// How many of those that name each key `opens` says no to, which is given a value and what it is bound to.
    func sealedValues(
        unopened opens: @escaping @Sendable ([UInt8], [String]) -> Bool
    ) async throws(StoreError) -> [UInt32: Int]

    /// Puts what `reseal` makes of each value that does not name `key` in its place, a few rows at a time; how many they were.
    /// `reseal` is given a value and what it is bound to, and gives nil for one that does not open. A value that somebody
    /// replaces meanwhile stays as that one left it.
    func reseal(
        to key: UInt32, _ reseal: @escaping @Sendable ([UInt8], [String]) -> [UInt8]?
    ) async throws(StoreError) -> Int

    /// Removes every value that names `key`, which is lost; how many they were. A row that is nothing without it goes, too.
    func forgetSealed(under key: UInt32) async throws(StoreError) -> Int
}
