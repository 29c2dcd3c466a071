import OrreryIdentity
import OrreryModel

extension HubConfiguration.Auth {
    /// Whether a person who is known here is refused: by name, or by the identity of the first login.
    func denies(_ person: Person) -> Bool {
        users.deny.contains(person.name)
            || issuers.contains { $0.issuer == person.identity.issuer && users.denies(person.identity, of: $0.label) }
    }

    /// Whether `gid` is the POSIX group of a hub group.
    func isGroup(_ gid: UInt32) -> Bool { groups.contains { $0.gid == gid || $0.gids.values.contains(gid) } }
}
