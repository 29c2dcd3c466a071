import Foundation
import OrreryCrypto
import OrreryDocument
import Testing

@testable import OrreryHub

/// Trying a configuration on somebody's claims.
@Suite struct ClaimTrialTests {
    private static func trial(_ claims: String, from label: String? = nil) throws -> ClaimTrial {
        let path = FileManager.default.temporaryDirectory.path + "/orrery-claims-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try claims.write(toFile: path, atomically: true, encoding: .utf8)
        let configuration = try HubConfiguration.read(
            DocumentNode.parse(ConfigurationTests.text, file: "/etc/orrery/orrery.yaml"))
        return try ClaimTrial(of: path, from: label, configuration)
    }

    private static let ofEGI = #"""
        {"iss": "https://egi.example/realms/egi", "sub": "ada@egi.eu",
         "eduperson_assurance": ["https://refeds.org/assurance/IAP/high", "urn:low", "urn:unique"], "idp": "urn:a",
         "entitlements": ["urn:mace:egi.eu:group:vo:role=member#aai.egi.eu", "urn:other:x"]}
        """#

    @Test func whoMayEnterIsToldThroughWhichGroup() throws {
        let trial = try Self.trial(Self.ofEGI)
        #expect(trial.isAdmitted && trial.lines.first == "issuer: egi (https://egi.example/realms/egi)")
        #expect(trial.lines.last == "ADMITTED: developers may enter")
        #expect(trial.lines.contains { $0.hasSuffix("1 values are no groups of this issuer") })
    }

    @Test(arguments: [
        (#""idp": "urn:a""#, #""idp": "urn:c""#, "`require` of egi is not met"),
        ("role=member", "role=guest", "in no group that this hub knows"),
        ("urn:low", "urn:lower", "you would be in developers"),
        (#""sub": "ada@egi.eu""#, #""sub": """#, "sub"),
    ])
    func whoMayNotIsToldWhy(_ text: String, _ other: String, _ words: String) throws {
        let trial = try Self.trial(Self.ofEGI.replacing(text, with: other))
        let verdict = try #require(trial.lines.last)
        #expect(!trial.isAdmitted && verdict.hasPrefix("REFUSED: ") && verdict.contains(words), "\(verdict)")
    }

    @Test func aTokenIsReadWithoutItsSignature() throws {
        let token = "e30.\(Base64URL.encode(Array(Self.ofEGI.utf8))).c2ln"
        #expect(try Self.trial(token).isAdmitted)
    }

    @Test(
        arguments: [
            ("{}", nil, "--issuer: wlcg, egi"), (ofEGI, "github", "--issuer"), ("[]", "egi", "holds no claims"),
            (#"{"sub": "a", "sub": "b"}"#, "egi", "holds no claims"), ("a.b.c", "egi", "holds no claims"),
        ] as [(String, String?, String)])
    func whatCannotBeTriedIsNamed(_ claims: String, _ label: String?, _ words: String) {
        let refusal = #expect(throws: HubError.self) { try Self.trial(claims, from: label) }
        #expect(refusal.map { "\($0)".contains(words) } == true, "\(String(describing: refusal))")
    }
}
