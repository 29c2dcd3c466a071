import OrreryDocument
import OrreryModel
import Testing

@testable import OrreryPolicy

struct QuotaTests {
    private static let groups: Set<String> = ["science", "cern", "developers"]

    private func load(_ quotas: String) throws -> Quotas {
        try PolicyDirectory(PlacementSample.documents(quotas: quotas)).load(groups: Self.groups).quotas
    }

    @Test func theyAreRead() throws {
        let quotas = try load(
            "quotas: {person: {sessions: 2, memory: 64Gi}, groups: {science: {gpu: 8, person: {gpu: 2}}}}")
        #expect(quotas.person == ResourceBounds(sessions: 2, memory: ByteCount("64Gi")))
        #expect(quotas.groups["science"]?.all == ResourceBounds(gpu: 8))
        #expect(
            quotas.bounds(of: .named(in: ["science"])) == ResourceBounds(sessions: 2, memory: ByteCount("64Gi"), gpu: 2)
        )
    }

    @Test(arguments: [
        ("quotas: {people: {}}", "unknown key"), ("quotas: {groups: {scince: {}}}", "there is no group `scince`"),
        ("quotas: {person: {sessions: -1}}", "-1"), ("quotas: {person: {memory: 5 GB}}", "5 GB"),
    ]) func whatIsWrongIsSaid(_ quotas: String, _ words: String) throws {
        let error = #expect(throws: DocumentError.self) { _ = try load(quotas) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(words))
    }

    @Test func ofSeveralGroupsTheMostGenerousCounts() throws {
        let quotas = Quotas(
            person: ResourceBounds(sessions: 1, gpu: 0),
            groups: ["a": .init(person: ResourceBounds(gpu: 1)), "b": .init(person: ResourceBounds(gpu: 4))])
        #expect(quotas.bounds(of: .named(in: ["a", "b"])) == ResourceBounds(sessions: 1, gpu: 4))
        #expect(quotas.refusal(of: .named(in: []), holding: Resources(), adding: Resources(sessions: 1)) == nil)
        let refusal = quotas.refusal(of: .named(in: []), holding: Resources(), adding: Resources(sessions: 1, gpu: 1))
        #expect(refusal?.reason == "no free GPU, 0 of 0 in use")
    }
}
