/// Where the hub's own tokens for clusters are kept. They are sealed by whoever stores them.
package protocol ClusterTokenStore: Sendable {
    func clusterToken(of cluster: String) async throws(StoreError) -> [UInt8]?
    /// In the place of an earlier one.
    func keep(clusterToken sealed: [UInt8], of cluster: String) async throws(StoreError)
}
