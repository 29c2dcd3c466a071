import Foundation
import OrreryCrypto
import OrreryIdentity
import OrreryModel

/// What would become of somebody with the claims of a file, without any login: for whoever writes the configuration.
package struct ClaimTrial: Sendable {
    /// What was found, each line a fact; the last says what decides.
    package private(set) var lines: [String] = []
    package private(set) var isAdmitted = false

    /// Reads the claims at `path`, a JSON object or a signed token, whose signature is not looked at. `label` names the issuer
    /// when `iss` does not. Throws when there is nothing to try.
    package init(of path: String, from label: String?, _ configuration: HubConfiguration) throws(HubError) {
        let claims = try Self.claims(at: path)
        let auth = configuration.auth
        let issuer = try Self.issuer(of: claims, label, auth.issuers)
        lines.append("issuer: \(issuer.label) (\(issuer.issuer))")
        do throws(IdentityError) {
            try judge(issuer.claimant(saying: claims, rules: auth.groups, at: Date()), auth)
        } catch {
            lines.append("REFUSED: \(error.detail)")
        }
    }

    private mutating func judge(_ claimant: Claimant, _ auth: HubConfiguration.Auth) {
        let (open, raised) = (claimant.membership.groups.map(\.name), claimant.membership.raised.map(\.group.name))
        lines.append("subject: \(claimant.identity.subject)")
        lines.append("name: \(claimant.suggestedName.map { "\($0) is suggested" } ?? "none is suggested")")
        lines.append(
            "says: \(Self.list(claimant.claimedGroups)); \(claimant.ignoredGroups) values are no groups of this issuer")
        lines.append("groups: \(Self.list(open.sorted()))")
        if !raised.isEmpty { lines.append("groups of this login alone: \(Self.list(raised.sorted()))") }
        for dormant in claimant.membership.dormant {
            lines.append("sleeping: \(dormant.group): \(dormant.shortfall.sentence(issuer: claimant.issuer))")
        }
        do throws(HubError) {
            try auth.admit(claimant, from: claimant.issuer)
            try auth.checkNumbers(of: claimant)
            isAdmitted = true
            lines.append("ADMITTED: \(Self.list((open + raised).filter(auth.allow.contains).sorted())) may enter")
        } catch {
            lines.append("REFUSED: \(error)")
        }
    }

    private static func claims(at path: String) throws(HubError) -> JSON {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw HubError(
                .cannotStart, "the file \(path) cannot be read", next: "name one with claims as JSON, or a token")
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isToken = parts.count == 3 && !text.hasPrefix("{")
        let bytes = isToken ? Base64URL.decode(parts[1].utf8) : Array(text.utf8)
        do throws(CryptoError) {
            let claims = try JSON(strict: bytes ?? [])
            if claims.object != nil { return claims }
        } catch {
            throw HubError(
                .cannotStart, "\(path) holds no claims: \(error.message)", next: "write them as a JSON object")
        }
        throw HubError(.cannotStart, "\(path) holds no claims", next: "write them as a JSON object")
    }

    private static func issuer(
        of claims: JSON, _ label: String?, _ issuers: [IssuerConfiguration]
    ) throws(HubError) -> IssuerConfiguration {
        let said = claims["iss"]?.string
        let found = issuers.first { issuer in
            if let label { return issuer.label.isExactly(label) }
            return said.map { ([issuer.issuer] + issuer.also).containsExactly($0) } ?? false
        }
        guard let found, found.type == .openID else {
            throw HubError(
                .cannotStart, "no issuer of the configuration that makes claims is meant",
                next:
                    "name one with --issuer: \(issuers.filter { $0.type == .openID }.map(\.label).joined(separator: ", "))"
            )
        }
        return found
    }

    private static func list(_ texts: [String]) -> String { texts.isEmpty ? "none" : texts.joined(separator: ", ") }
}
