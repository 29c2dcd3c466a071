import OrreryLink
import OrreryModel
import Testing

@testable import OrreryProxy

struct LetterShelfTests {
    private static func letter(
        _ connection: UInt64, _ type: String = "inventory", isStranger: Bool = false, ballast: Int = 0, key: UInt8 = 1
    ) -> Postman.Letter {
        Postman.Letter(
            connection: connection, key: KeyID(subjectPublicKeyInfo: [key]), publicKey: [], address: "",
            frame: ControlFrame(type, ["a": .string(String(repeating: "x", count: ballast))]), isStranger: isStranger)
    }

    /// Sends all there is to a hub that finds the letters of some connections wrong; whose were taken.
    private static func send(
        _ shelves: inout LetterShelves, wrong: Set<UInt64>, _ outcome: LetterShelf.Outcome
    ) -> (taken: [UInt64], givenUp: Int) {
        var (taken, givenUp): ([UInt64], Int) = ([], 0)
        for _ in 0..<1000 {
            guard let batch = shelves.next() else { break }
            let connections = batch.entries.map(\.letter.connection)
            let isWrong = connections.contains(where: wrong.contains)
            givenUp += shelves.settle(batch, isWrong ? outcome : .taken)
            if !isWrong { taken += connections }
        }
        return (taken, givenUp)
    }

    @Test(arguments: [LetterShelf.Outcome.refused, .failed])
    func aLetterThatTheHubDoesNotTakeGoesAndTheOthersGoOn(_ outcome: LetterShelf.Outcome) {
        var shelves = LetterShelves()
        for connection in 1...250 { #expect(shelves.put(Self.letter(UInt64(connection))) == 0) }
        let (taken, givenUp) = Self.send(&shelves, wrong: [7, 230], outcome)
        #expect(taken == (1...250).filter { $0 != 7 && $0 != 230 } && givenUp == 2 && shelves.count == 0)
    }

    @Test func whileTheHubIsAwayNothingIsGivenUp() {
        var shelves = LetterShelves()
        for connection in 1...3 { _ = shelves.put(Self.letter(UInt64(connection))) }
        for _ in 0..<100 {
            guard let batch = shelves.next() else { break }
            #expect(shelves.settle(batch, .away) == 0)
        }
        #expect(Self.send(&shelves, wrong: [], .refused).taken == [1, 2, 3])
    }

    /// Whether it can be asked right after it has broken off: it may be on its way back.
    @Test(arguments: [LetterShelf.Outcome.taken, .away])
    func aLetterAtWhichTheHubEndsIsGivenUp(_ afterwards: LetterShelf.Outcome) async {
        let postman = Postman()
        for connection in 1...3 { postman.take(Self.letter(UInt64(connection))) }
        var (taken, ends, givenUp): ([UInt64], Int, Int) = ([], 0, 0)
        for _ in 0..<20 {
            let round = await postman.carry { letters in
                if letters.isEmpty { return afterwards }
                guard !letters.contains(where: { $0.connection == 2 }) else {
                    ends += 1
                    return .failed
                }
                taken += letters.map(\.connection)
                return .taken
            }
            givenUp += round?.givenUp ?? 0
        }
        #expect(taken == [1, 3] && givenUp == 1 && postman.count == 0)
        #expect(ends == 1 + LetterShelf.patience, "once among others, and then alone")
    }

    @Test func aHubThatFailsAtNothingTooCostsNoLetter() async {
        let postman = Postman()
        for connection in 1...3 { postman.take(Self.letter(UInt64(connection))) }
        for _ in 0..<20 { #expect(await postman.carry { _ in .failed }?.givenUp == 0) }
        #expect(postman.count == 3)
    }

    @Test func strangersPutOutNobodyButStrangers() {
        var shelves = LetterShelves()
        _ = shelves.put(Self.letter(1))
        var lost = 0
        for connection in 2...5000 { lost += shelves.put(Self.letter(UInt64(connection), "hello", isStranger: true)) }
        #expect(lost == 4999 - 512 && shelves.count == 513)
        #expect(Self.send(&shelves, wrong: [], .refused).taken.contains(1))
    }

    @Test func whatStrangersSayIsBoundedInBytes() {
        var shelves = LetterShelves()
        for connection in 1...400 {
            _ = shelves.put(Self.letter(UInt64(connection), "hello", isStranger: true, ballast: 16_000))
        }
        #expect(shelves.count < 140 && shelves.count > 120)
    }

    /// Most there may be, and the bytes in each.
    @Test(arguments: [(4500, 4096, 0), (200, 67, 500_000)])
    func aMemberThatSaysTooMuchPutsOutOnlyItsOwnWords(_ count: Int, _ most: Int, _ ballast: Int) {
        var shelves = LetterShelves()
        let quiet = (1...20).map(UInt64.init)
        for connection in quiet { _ = shelves.put(Self.letter(connection, key: UInt8(connection))) }
        var lost = 0
        for connection in 100..<100 + count {
            lost += shelves.put(Self.letter(UInt64(connection), ballast: ballast, key: 99))
        }
        #expect(shelves.count == (ballast == 0 ? most : most + quiet.count))
        #expect(lost == count + quiet.count - shelves.count)
        #expect(Self.send(&shelves, wrong: [], .refused).taken.filter { $0 < 100 } == quiet)
    }

    @Test func aConnectionsWordsStayInOrderWhenItBecomesAMember() {
        var shelves = LetterShelves()
        _ = shelves.put(Self.letter(1, "hello", isStranger: true))
        _ = shelves.put(Self.letter(1, "inventory"))
        guard let batch = shelves.next() else { return #expect(Bool(false), "something waits") }
        #expect(batch.entries.map(\.letter.frame.type) == ["hello", "inventory"])
    }

    @Test func strangersThatTheHubFailsAtDoNotKeepMembersWaiting() {
        var shelves = LetterShelves()
        _ = shelves.put(Self.letter(1, "hello", isStranger: true))
        var kinds: [LetterShelves.Kind] = []
        for connection in 2...4 {
            _ = shelves.put(Self.letter(UInt64(connection)))
            for _ in 0..<2 {
                guard let batch = shelves.next() else { continue }
                kinds.append(batch.kind)
                _ = shelves.settle(batch, batch.kind == .members ? .taken : .failed)
            }
        }
        #expect(kinds.filter { $0 == .members }.count == 3)
    }

    @Test func ofBeatsTheLatestIsKept() {
        var shelves = LetterShelves()
        for _ in 0..<5 { _ = shelves.put(Self.letter(1, "beat")) }
        _ = shelves.put(Self.letter(2, "beat"))
        #expect(shelves.count == 2)
    }
}
