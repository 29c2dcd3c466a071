import OrreryModel

/// Makes a claimant of claims that are already believed. The ID token's word goes before userinfo's, except for groups,
/// which come from the configured place only.
struct ClaimReader {
    let issuer: IssuerConfiguration
    let token: JSON
    let userinfo: JSON?

    /// Throws the broken rule as a clause for the log.
    func claimant(subject: String, rules: GroupRules) throws(ClaimOffence) -> Claimant {
        let source = issuer.groupsFrom == .idToken ? token : userinfo
        let groups = try ClaimedGroups.read(issuer.groupsClaim.flatMap { source?[$0] }, kind: issuer.groupsKind)
        let name = claim(issuer.nameClaim)?.string.flatMap { $0.isEmpty ? nil : $0 }
        return Claimant(
            identity: Identity(issuer: issuer.issuer, subject: subject), issuer: issuer.label,
            suggestedName: name.map { issuer.namePrefix + $0 }, displayName: claim("name")?.string,
            uid: try number(issuer.uidClaim), gid: try number(issuer.gidClaim),
            groups: rules.groups(openedBy: groups, of: issuer.label),
            claimedGroups: groups.map { "\(issuer.label):\($0)" })
    }

    private func claim(_ name: String) -> JSON? { token[name] ?? userinfo?[name] }

    /// A uid or gid: a whole number, or its decimal digits as a text. A missing claim, null or the empty text says none; 0
    /// and everything that the kernel or Kubernetes would not take voids the login.
    private func number(_ name: String?) throws(ClaimOffence) -> UInt32? {
        guard let name, let value = claim(name), value != .null, value != "" else { return nil }
        let digits = value.string.flatMap { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64($0) : nil }
        guard let number = value.integer ?? digits, (1...Int64(Int32.max)).contains(number) else {
            throw ClaimOffence("\(name) is not a number from 1 to \(Int32.max)")
        }
        return UInt32(number)
    }
}
