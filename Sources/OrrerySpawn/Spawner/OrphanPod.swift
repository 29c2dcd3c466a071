/// A pod with this hub's label that belongs to no session that the hub knows: left by a lost database, or made by another
/// hub of the same name. It is listed for an administrator and never touched.
package struct OrphanPod: Hashable, Sendable {
    package let cluster: String
    package let pod: String
    package let uid: String
    /// What its labels say.
    package let session: String?
    package let person: String?
    /// It was made after everything that the database knew when this hub started: an older copy of the database was put
    /// back, or two hubs share a name.
    package let isNewerThanDatabase: Bool
}
