import Testing

@testable import OrreryKubernetes

@Suite struct LineSplitterTests {
    @Test func aLineThatNeverEndsIsAnErrorAndNotAllOurMemory() throws {
        var splitter = LineSplitter(limit: 10)
        #expect(try splitter.split(Array("12345".utf8)).isEmpty)
        #expect(throws: KubernetesError.self) { try splitter.split(Array("6789012".utf8)) }
    }

    @Test func emptyLinesAreNoLines() throws {
        var splitter = LineSplitter()
        #expect(try splitter.split(Array("\n\na\n\nb".utf8)) == [Array("a".utf8)])
        #expect(try splitter.split(Array("\n".utf8)) == [Array("b".utf8)])
    }
}
