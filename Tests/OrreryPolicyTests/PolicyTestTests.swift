import Testing

/// `tests:` in the documents: a policy that does not do what they say is not loaded.
struct PolicyTestTests {
    private func sentences(_ test: String) throws -> [String] {
        try PolicyDirectory().replacing("filesets:\n", with: "tests:\n  - \(test)\nfilesets:\n").sentences()
    }

    @Test(arguments: [
        "{who: {groups: [science]}, on: north, sees: {/home/ann: rw, /project/shared: ro}, not: [/scratch, /software]}",
        "{who: {groups: [developers], name: bob}, on: north, sees: {/home/bob: rw, /scratch/bob: rw}}",
        "{who: {groups: [\"project:photoz\"]}, on: south, sees: {/project/photoz: rw}, not: [/project/calib]}",
        "{who: {groups: [science]}, on: north, at: 2027-06-29T23:59:59Z, not: [/datasets]}",
        "{who: {groups: [science]}, on: north, at: 2027-06-30T00:00:00Z, sees: {/datasets/dr3: ro}}",
        "{who: {}, on: north, sees: {/home/ann: rw}}",
    ])
    func whatHoldsIsLoaded(test: String) throws {
        #expect(try sentences(test) == [])
    }

    @Test(arguments: [
        (
            "{who: {groups: [science]}, on: north, sees: {/scratch/ann: rw}}",
            "tests[0].sees./scratch/ann: ann should see /scratch/ann rw on north, but does not see it"
        ),
        (
            "{who: {groups: [developers]}, on: south, sees: {/scratch/ann: rw}}",
            "tests[0].sees./scratch/ann: ann should see /scratch/ann rw on south, but does not see it"
        ),
        (
            "{who: {groups: [science]}, on: north, sees: {/project/shared: rw}}",
            "tests[0].sees./project/shared: ann should see /project/shared rw on north, but sees it ro"
        ),
        (
            "{who: {groups: [developers]}, on: north, not: [/scratch]}",
            "tests[0].not[0]: ann should not see /scratch on north, but sees /scratch/ann"
        ),
        (
            "{who: {groups: [science]}, on: north, not: [/datasets/dr3]}",
            "tests[0].not[0]: ann should not see /datasets/dr3 on north, but sees /datasets/dr3 at 2027-06-30T00:00:00Z"
        ),
        (
            "{who: {groups: [scince]}, on: north, not: [/datasets/dr3]}",
            "tests[0].who.groups[0]: there is no group `scince`; did you mean `science`?"
        ),
        (
            "{who: {groups: [science]}, on: nort, not: [/datasets/dr3]}",
            "tests[0].on: unknown cluster `nort`; did you mean `north`?"
        ),
        ("{who: {groups: [science]}, on: north}", "tests[0]: a test needs `sees` or `not`"),
        (
            "{who: {groups: [developers]}, on: north, not: [/]}",
            "tests[0].not[0]: ann should not see / on north, but sees /home/ann"
        ),
        (
            "{who: {groups: [science]}, on: north, not: [/scratch/]}",
            "tests[0].not[0]: the path `/scratch/` is not in its simplest form: no `//`, `.`, `..` or `/` at its end"
        ),
        (
            "{who: {groups: [science]}, on: north, not: [scratch]}",
            "tests[0].not[0]: the path `scratch` must begin with `/`"
        ),
        (
            "{who: {groups: [science]}, on: north, not: [\"/home/{user}\"]}",
            "tests[0].not[0]: the path `/home/{user}` is that of a person, as `/home/ann`, and has no holes"
        ),
    ])
    func whatDoesNotHoldRefusesThePolicy(test: String, sentence: String) throws {
        let sentences = try sentences(test)
        #expect(sentences.count == 1)
        #expect(sentences.first?.hasSuffix(": \(sentence)") == true, "\(sentences)")
        #expect(sentences.first?.hasPrefix("filesets.yaml:2:") == true, "\(sentences)")
    }
}
