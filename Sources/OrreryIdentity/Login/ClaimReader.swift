import Foundation
import OrreryModel

/// Makes a claimant of claims that are already believed. The ID token's word goes before userinfo's, except for groups,
/// which come from the configured place only.
struct ClaimReader {
    let issuer: IssuerConfiguration
    let token: JSON
    let userinfo: JSON?
    let now: Date

    /// Throws the broken rule as a clause for the log.
    func claimant(subject: String, rules: GroupRules) throws(ClaimOffence) -> Claimant {
        let source = issuer.groupsFrom == .idToken ? token : userinfo
        if issuer.groupsKind == .wlcg { try checkProfile(source) }
        let groups = try ClaimedGroups.read(issuer.groupsClaim.flatMap { source?[$0] }, kind: issuer.groupsKind)
        let isNamed = issuer.nameWithin.map { claim($0)?.string?.isEmpty == false } ?? true
        let name = isNamed ? claim(issuer.nameClaim)?.string.flatMap { $0.isEmpty ? nil : $0 } : nil
        let evidence = self.evidence
        return Claimant(
            identity: Identity(issuer: issuer.issuer, subject: subject), issuer: issuer.label,
            suggestedName: name.map { issuer.namePrefix + $0 }, displayName: claim("name")?.string,
            uid: try number(issuer.uidClaim), gid: try number(issuer.gidClaim),
            membership: rules.membership(
                openedBy: groups.values, of: issuer.label, kind: issuer.groupsKind, evidence: evidence, at: now),
            claimedGroups: groups.values.map { "\(issuer.label):\($0)" }, ignoredGroups: groups.ignored,
            authenticatedAt: evidence.authenticatedAt)
    }

    var evidence: Evidence { Evidence(token: token, userinfo: userinfo) }

    private func claim(_ name: String) -> JSON? { token[name] ?? userinfo?[name] }

    /// WLCG profile: a version with another major number may mean something else by the same words. Not every issuer that
    /// says the groups says the version in an ID token.
    private func checkProfile(_ source: JSON?) throws(ClaimOffence) {
        guard let version = source?["wlcg.ver"] else { return }
        guard version.string?.wholeMatch(of: /1\.[0-9]+/) != nil else {
            throw ClaimOffence("wlcg.ver is not a version 1 of the profile")
        }
    }

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
