import Testing

/// Sources that overlap in storage would be a second way around a grant.
struct OverlapTests {
    private func sentences(_ source: String) throws -> [String] {
        try PolicyDirectory()
            .replacing("software: {pvc: data, path: software}", in: "clusters/north.yaml", with: source).sentences()
    }

    @Test(arguments: [
        (
            "software: {pvc: data}",
            "clusters/north.yaml:7:3: sources: `dr3` lies inside `software`, which others may see, or more; "
                + "give it a directory of its own"
        ),
        (
            "software: {pvc: data, path: dr3}",
            "clusters/north.yaml:7:3: sources: `dr3` lies inside `software`, which others may see, or more; "
                + "give it a directory of its own"
        ),
        (
            "software: {pvc: home}",
            "clusters/north.yaml:3:3: sources: `home` lies inside `software`, which shows everybody's directories; "
                + "give it a directory of its own"
        ),
        (
            "software: {pvc: home, path: ann}",
            "clusters/north.yaml:3:3: sources: `home` lies inside `software`, which happens when a name is also that "
                + "of a directory; give it a directory of its own"
        ),
    ])
    func aTreeInsideAnotherIsRefused(source: String, sentence: String) throws {
        #expect(try sentences(source) == [sentence])
    }

    @Test(arguments: [
        "software: {pvc: data, path: dr3-software}", "software: {pvc: other}", "software: {pvc: data, path: soft/dr3}",
    ])
    func treesBesideEachOtherAreNot(source: String) throws {
        #expect(try sentences(source) == [])
    }

    @Test func anOuterTreeForFewerPeopleIsNot() throws {
        let directory = PolicyDirectory()
            .replacing("/software\n    surfaces: []\n", with: "/software\n")
            .replacing("to: [developers], mode: ro", with: "to: [collaborators], mode: ro")
            .replacing("    never: [suspended]\n", with: "")
            .replacing(
                "software: {pvc: data, path: software}", in: "clusters/north.yaml", with: "software: {pvc: data}")
        let sentences = try directory.sentences()
        #expect(sentences == [])
        let writable = directory.replacing("to: [collaborators], mode: ro}]", with: "to: [collaborators], mode: rw}]")
        #expect(try writable.sentences().count == 1)
    }
}
