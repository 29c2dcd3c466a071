import Foundation
import OrreryModel

/// What an issuer says about how somebody logged in and how well it knows them.
struct Evidence: Hashable {
    let context: String?
    let authenticatedAt: Date?
    let assurance: Set<String>
    let organisation: String?

    /// How the login was made counts from the signed token only; the rest may also stand at the userinfo endpoint.
    init(token: JSON, userinfo: JSON?) {
        context = token["acr"]?.string
        // Some issuers write 0 for "unknown" (glewlwyd), others a fraction (canaille).
        authenticatedAt = token["auth_time"]?.number.flatMap { $0 > 0 ? Date(timeIntervalSince1970: $0) : nil }
        assurance = Self.texts(token["eduperson_assurance"] ?? userinfo?["eduperson_assurance"])
        organisation = (token["idp"] ?? userinfo?["idp"])?.string
    }

    /// Whether what `requirement` asks about the person stands in `token` already.
    static func isComplete(_ token: JSON, for requirement: Requirement) -> Bool {
        (requirement.assurance.isEmpty || token["eduperson_assurance"] != nil)
            && (requirement.organisations.isEmpty || token["idp"] != nil)
    }

    func assures(_ wanted: String) -> Bool {
        let levels = Self.levels.drop { $0 != wanted }
        return levels.isEmpty
            ? assurance.containsExactly(wanted) : levels.contains { assurance.containsExactly($0) }
    }

    /// REFEDS Assurance Framework: each level of identity proofing includes those before it.
    private static let levels = ["low", "medium", "high"].map { "https://refeds.org/assurance/IAP/\($0)" }

    private static func texts(_ claim: JSON?) -> Set<String> {
        if let text = claim?.string { return [text] }
        return Set(claim?.array?.compactMap(\.string) ?? [])
    }
}
