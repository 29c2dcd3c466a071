import Foundation
import OrreryCrypto
import OrreryModel
import Testing

@testable import OrreryIdentity

/// Our reading of entitlements beside that of the package `aarc-entitlement` from PyPI, which knows nothing of ours.
@Suite(.enabled(if: EntitlementOracle.isPresent, "aarc-entitlement is not there; Tests/run installs it"))
struct EntitlementOracleTests {
    /// Where ours refuses what the package accepts, and why.
    static let stricter = [
        // A sub-namespace is delegated to somebody else: its groups are not those of the namespace around it.
        "urn:mace:egi.eu:sub:group:vo.example.org", "urn:mace:egi.eu:sub:group:x",
        // It finds the last `group`, so that whoever may name a subgroup `group` leaves the own group.
        "urn:mace:egi.eu:group:vo:group:vo.example.org",
    ]

    static let said: [String] =
        EntitlementTests.pairs.flatMap { [$0.said, $0.wanted] } + EntitlementTests.strangers + stricter

    @Test func oursIsThePackagesWordButWhereWeAreStricter() throws {
        let texts = Set(Self.said).sorted()
        let answers = try EntitlementOracle.answers(for: texts)
        #expect(answers.count == texts.count * texts.count)
        var differences: Set<String> = []
        for (place, answer) in answers.enumerated() {
            let (said, wanted) = (texts[place / texts.count], texts[place % texts.count])
            guard let ours = Entitlement(said), let theirs = Entitlement(wanted) else {
                // What we take for no entitlement opens nothing; the package may take it for one.
                continue
            }
            let holds = ours.filling(theirs) != nil
            if holds != answer { differences.insert("\(said) for \(wanted)") }
            #expect(!holds || answer, "\(said) opens \(wanted) here, and not with the package")
        }
        #expect(
            differences.allSatisfy { difference in Self.stricter.contains { difference.hasPrefix("\($0) for ") } },
            "\(differences.sorted())")
        #expect(!differences.isEmpty, "the exceptions are none any more")
    }
}

/// Runs the package in the Python that the tests' tools live in.
enum EntitlementOracle {
    static var python: URL {
        // The build may see this file through a link.
        URL(filePath: #filePath).resolvingSymlinksInPath().appending(path: "../../../.build/test-tools/bin/python")
            .standardized
    }

    static var isPresent: Bool { (try? answers(for: [])) != nil }

    private static let script = """
        import json, sys
        from aarc_entitlement import G069, ParseError
        def read(text):
            try: return G069(text)
            except ParseError: return None
        known = [read(text) for text in json.load(sys.stdin)]
        print(json.dumps([bool(a and b and a.satisfies(b)) for a in known for b in known]))
        """

    struct Absent: Error {}

    /// Whether each of `texts` satisfies each, in the order of the pairs.
    static func answers(for texts: [String]) throws -> [Bool] {
        guard FileManager.default.isExecutableFile(atPath: python.path) else { throw Absent() }
        let program = Program(
            [python.path, "-c", script], input: Array(try JSON.array(texts.map { .string($0) }).text.utf8))
        guard program.wait() == 0 else { throw Absent() }
        return try JSON(strict: program.output).array?.compactMap(\.bool) ?? []
    }
}
