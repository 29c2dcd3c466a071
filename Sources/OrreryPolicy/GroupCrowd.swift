import OrreryModel

/// The groups that a session's processes join: those through which something was granted. An NFS server is told sixteen of
/// them at most (RFC 5531, AUTH_SYS), so with more of them and such a mount only as many are kept as every mount needs.
struct GroupCrowd {
    let groups: Set<Group>
    /// What the session loses by it, or may not have; empty for a session with few groups.
    let refusals: [Refusal]

    private static let most = 16

    init(_ granted: [GrantedMount]) {
        let all = Set(granted.flatMap(\.groups))
        let servers = Set(granted.compactMap(\.server)).sorted()
        guard Self.numbers(all) > Self.most, !servers.isEmpty else {
            (groups, refusals) = (all, [])
            return
        }
        let needed = Self.needed(by: granted)
        let left = all.subtracting(needed).filter { $0.gid != nil }.map(\.name).sorted()
        groups = needed
        var refusals: [Refusal] = []
        if !left.isEmpty {
            refusals.append(
                Refusal(
                    "groups \(left.joined(separator: ", "))",
                    because:
                        "\(servers.joined(separator: " and ")) can be told sixteen groups, and each of your mounts "
                        + "has one without these"))
        }
        if Self.numbers(needed) > Self.most {
            refusals.append(
                Refusal(
                    "groups on \(servers.joined(separator: " and "))",
                    because: "you have \(Self.numbers(needed)) there and it can be told sixteen: it hears the lowest "
                        + "numbers, and files of the other groups look like strangers'",
                    remedy: "leave out projects, or ask an administrator for a server that looks groups up itself"))
        }
        self.refusals = refusals
    }

    private static func numbers(_ groups: Set<Group>) -> Int { Set(groups.compactMap(\.gid)).count }

    /// One group for each mount, one that another mount has already where that is possible. Equal for every order of the
    /// mounts.
    private static func needed(by granted: [GrantedMount]) -> Set<Group> {
        let choices = granted.map { mount in
            mount.groups.filter { $0.gid != nil }.sorted { $0.name < $1.name }
        }.filter { !$0.isEmpty }
        let sorted = choices.sorted { left, right in
            (left.count, left.map(\.name).joined(separator: " ")) < (
                right.count, right.map(\.name).joined(separator: " ")
            )
        }
        var kept: Set<Group> = []
        for choice in sorted where kept.isDisjoint(with: choice) { kept.insert(choice[0]) }
        return kept
    }
}
