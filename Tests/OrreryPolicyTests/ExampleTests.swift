import Foundation
import OrreryDocument
import OrreryModel
import OrreryPolicy
import Testing

/// The worked example of `profiles/examples`, whose own `tests:` run whenever it is loaded.
struct ExampleTests {
    private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("profiles/examples/dmtn-095")
        .path
    private static let groups: Set<String> = [
        "developers", "science", "collaborators", "suspended", "des", "staff", "project:{g}",
    ]

    private let policy: Policy

    init() throws {
        policy = try Policy.load(
            directory: Self.directory, groups: Self.groups, trust: ["usdf": ["ordinary", "collaboration"]])
    }

    private func seen(_ groups: Set<String>, on cluster: String) -> [String] {
        policy.mounts(for: .named(in: groups), on: cluster, at: .before).mounts.map {
            "\($0.path) \($0.isReadOnly ? "ro" : "rw")"
        }
    }

    @Test func theSixFileSetsAreSeenByWhomTheTechnoteSays() {
        #expect(
            seen(["science"], on: "usdf") == [
                "/cvmfs ro", "/datasets/public ro", "/jhome/ada rw", "/project/shared ro",
            ])
        #expect(
            seen(["developers", "project:photoz"], on: "usdf") == [
                "/cvmfs ro", "/datasets/public ro", "/jhome/ada rw", "/project/photoz rw", "/project/shared ro",
                "/scratch/ada rw",
            ])
        #expect(seen(["staff", "des", "science"], on: "small").contains("/drive/ada rw"))
    }

    @Test func theContradictionAboutScratchIsNamedAndDenied() throws {
        let text = try String(contentsOfFile: "\(Self.directory)/filesets.yaml", encoding: .utf8)
        #expect(text.contains("DMTN-095 contradicts itself"))
        for cluster in ["usdf", "small"] {
            #expect(!seen(["science"], on: cluster).contains { $0.hasPrefix("/scratch") })
        }
        let permitted = text.replacingOccurrences(of: "# - {to: [science]", with: "- {to: [science]")
        #expect(permitted != text, "the grant stands there to be taken")
    }

    @Test func itsTestsFailWithoutTheTrustThatTheyAreAbout() {
        let errors = Policy.loadAll(directory: Self.directory, groups: Self.groups).errors
        #expect(errors.contains { $0.message.contains("should see /datasets/dr3 ro on usdf") }, "\(errors)")
    }
}
