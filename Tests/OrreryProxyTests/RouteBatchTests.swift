import OrreryWire
import Testing

@testable import OrreryProxy

struct RouteBatchTests {
    private func setting(_ key: String, _ port: Int, members: String = "") throws -> RouteSetting {
        let target = try #require(Target("http://10.0.0.1:\(port)"))
        return RouteSetting(
            try self.key(key), to: target, address: target.resolve(), members: Array(members.utf8))
    }

    private func key(_ text: String) throws -> RouteKey { try #require(RouteKey(text)) }

    private func route(_ text: String, _ book: RouteBook) throws -> Route {
        let key = try key(text)
        return try #require(book.route(key))
    }

    private func keys(_ book: RouteBook) -> [String] { book.all().map(\.key.text) }

    private func port(_ path: String, _ book: RouteBook) -> UInt16? {
        let path = Array(path.utf8)
        return book.snapshot().route(for: path.span)?.endpoint?.address.port
    }

    @Test func aSnapshotTakesThePlaceOfAllInOnePublish() throws {
        let book = RouteBook()
        for number in 0..<100 {
            let one = try setting("/user/old\(number)", 1000 + number)
            #expect(book.set(one.key, to: one.target, address: one.address, members: [], at: 5))
        }
        let version = book.currentVersion
        let snapshot = try (0..<50).map { try setting("/user/new\($0)", 2000 + $0) }
        #expect(book.replaceAll(snapshot, at: 6))
        #expect(book.currentVersion == version + 1)
        #expect(book.all().count == 50)
        #expect(port("/user/new7/lab", book) == 2007 && port("/user/old7/lab", book) == nil)
    }

    /// A name takes seconds to look up at times, and whoever may use the route may be others by then.
    @Test func anAddressThatWasLookedForChangesNothingElse() throws {
        let book = RouteBook()
        let target = try #require(Target("http://pod.example:1"))
        func set(_ members: String) throws {
            let setting = RouteSetting(try key("/a"), to: target, address: nil, members: Array(members.utf8))
            #expect(book.replaceAll([setting], at: 5))
        }
        try set("ada and bob")
        let address = SocketAddress.resolve("192.0.2.1", port: 1)
        book.refreshNames(resolve: { _ in
            try? set("ada")
            return address
        })
        let route = try route("/a", book)
        #expect(route.endpoint?.address == address && route.members == Array("ada".utf8))
    }

    @Test func aRouteThatLeadsWhereItLedKeepsWhatIsKnownOfItsUse() throws {
        let book = RouteBook()
        #expect(book.replaceAll([try setting("/a", 1), try setting("/b", 2)], at: 5))
        let (a, b) = (try route("/a", book), try route("/b", book))
        book.activity.notes.note(a.activity, at: 50)
        #expect(book.replaceAll([try setting("/a", 1, members: "new"), try setting("/b", 3)], at: 9))
        let after = try route("/a", book)
        #expect(after.activity == a.activity && after.members == Array("new".utf8))
        #expect(book.activity.last(after.activity) == 50)
        // The other leads elsewhere now: what still runs over the old one must not count as its use.
        book.activity.notes.note(b.activity, at: 70)
        #expect(book.activity.last(try route("/b", book).activity) == 9)
    }

    @Test func ofTwoSettingsWithOneKeyTheLastCounts() throws {
        let book = RouteBook()
        #expect(book.replaceAll([try setting("/a", 1), try setting("/a", 2), try setting("/a", 2)], at: 5))
        #expect(book.all().count == 1 && port("/a", book) == 2)
    }

    @Test func changesAreAppliedInTheirOrder() throws {
        let book = RouteBook()
        let gone = try key("/b")
        let version = book.currentVersion
        #expect(
            book.apply(
                [
                    .set(try setting("/a", 1)), .set(try setting("/b", 2)), .set(try setting("/a", 3)), .remove(gone),
                    .remove(gone),
                ], position: FeedPosition(epoch: "e", number: 5), at: 5))
        #expect(book.currentVersion == version + 1)
        #expect(keys(book) == ["/a"] && port("/a", book) == 3 && port("/b", book) == nil)
        #expect(book.saved().position == FeedPosition(epoch: "e", number: 5))
    }

    /// The border at which the small tables are merged into the large one.
    @Test func aBatchOfAnySizeIsSeenWhole() throws {
        let book = RouteBook()
        for (round, count) in [1, 31, 33, 1023, 1025, 3000].enumerated() {
            let changes = try (0..<count).map { RouteChange.set(try setting("/r\(round)/u\($0)", 1 + $0)) }
            #expect(book.apply(changes, at: 5))
            let wrong = (0..<count).filter { port("/r\(round)/u\($0)/lab", book) != UInt16($0 + 1) }
            #expect(wrong == [])
        }
        let half = try (0..<1500).map { RouteChange.remove(try key("/r5/u\($0 * 2)")) }
        #expect(book.apply(half, at: 6))
        #expect((0..<3000).filter { (port("/r5/u\($0)", book) == nil) != ($0 % 2 == 0) } == [])
    }

    @Test func aSnapshotThatDoesNotFitChangesNothing() throws {
        let book = RouteBook()
        #expect(book.replaceAll([try setting("/a", 1)], at: 5))
        let cells = (0..<ActivityBook.capacity - 2).compactMap { _ in book.activity.open(at: 1) }
        #expect(!book.replaceAll([try setting("/b", 2), try setting("/c", 3)], at: 6))
        #expect(keys(book) == ["/a"])
        for cell in cells.prefix(1) { book.activity.close(cell) }
        #expect(book.replaceAll([try setting("/b", 2), try setting("/c", 3)], at: 6))
        #expect(keys(book) == ["/b", "/c"])
    }
}
