import Foundation
import OrreryModel
import Testing

@testable import OrreryPocket

@Suite struct ObjectStoreTests {
    private static let key = ObjectStore.Key(kind: .configmaps, namespace: "work", name: "a")

    @Test func aRestartKeepsObjectsAndVersions() throws {
        let directory = try TemporaryDirectory()
        let (object, version) = try { () throws -> (JSON, Int64) in
            let store = try ObjectStore(directory: directory.path)
            _ = try store.create(Self.key, ["data": ["x": "1"]])
            _ = try store.create(ObjectStore.Key(kind: .nodes, name: "gone"), [:])
            store.remove(ObjectStore.Key(kind: .nodes, name: "gone"))
            let object = try #require(store.update(Self.key) { $0["data"] = ["x": "2"] })
            return (object, store.version)
        }()
        let store = try ObjectStore(directory: directory.path)
        #expect(store.object(Self.key) == object)
        #expect(store.version == version)
        #expect(store.list(.nodes).objects.isEmpty)
        let next = try store.create(ObjectStore.Key(kind: .nodes, name: "n"), [:])
        #expect(next.revision == version + 1)
    }

    @Test func aLineCutByACrashIsDropped() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/objects.journal"
        _ = try ObjectStore(directory: directory.path).create(Self.key, [:])
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("{\"version\":99,\"kind\":\"conf".utf8))
        #expect(try ObjectStore(directory: directory.path).object(Self.key) != nil)
    }

    @Test func damageInTheMiddleIsSaid() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/objects.journal"
        try Data("{\"version\":1}\nnonsense\n{\"version\":2}\n".utf8).write(to: URL(filePath: path))
        #expect {
            _ = try ObjectStore(directory: directory.path)
        } throws: {
            "\($0)".contains("line 2 is damaged")
        }
    }

    @Test func changesAreSeenOnceAndInOrder() async throws {
        let directory = try TemporaryDirectory()
        let store = try ObjectStore(directory: directory.path)
        let first = try store.create(Self.key, [:])
        let changes = try store.changes(.configmaps, after: 0)
        _ = store.update(Self.key) { $0["data"] = ["x": "1"] }
        _ = try store.create(ObjectStore.Key(kind: .pods, namespace: "work", name: "p"), [:])
        store.remove(Self.key)
        store.finish()
        var seen: [String] = []
        for await change in changes { seen.append("\(change.type.rawValue) \(change.version)") }
        #expect(seen == ["ADDED 1", "MODIFIED 2", "DELETED 4"])
        #expect(first.revision == 1)
    }

    @Test func theHistoryIsBoundedAndSaysSo() throws {
        let directory = try TemporaryDirectory()
        let store = try ObjectStore(directory: directory.path)
        _ = try store.create(Self.key, [:])
        for number in 0..<9000 { _ = store.update(Self.key) { $0["data"] = ["x": .integer(Int64(number))] } }
        #expect(throws: PocketError.self) { try store.changes(.configmaps, after: 1) }
        #expect(throws: Never.self) { try store.changes(.configmaps, after: store.version - 100) }
    }

    @Test func anUpdateOfAnotherWithTheSameNameIsNone() throws {
        let directory = try TemporaryDirectory()
        let store = try ObjectStore(directory: directory.path)
        _ = try store.create(Self.key, [:])
        #expect(store.update(Self.key, ifUID: "other") { $0["data"] = ["x": "1"] } == nil)
        #expect(store.remove(Self.key, ifUID: "other") == nil)
        #expect(store.object(Self.key)?["data"] == nil)
    }

    @Test func aReaderWhoDoesNotReadIsLetGo() async throws {
        let directory = try TemporaryDirectory()
        let store = try ObjectStore(directory: directory.path)
        let changes = try store.changes(.configmaps)
        _ = try store.create(Self.key, [:])
        for number in 0..<6000 { _ = store.update(Self.key) { $0["data"] = ["x": .integer(Int64(number))] } }
        var count = 0
        for await _ in changes { count += 1 }
        #expect(count == 5000)
    }

    @Test(arguments: [
        #"{"a":[1,-2.5,2.5e-1,true,null,"\u00e9\ud83d\ude00\n"]}"#, "[]", "{}", "\"x\"", "-0", "9223372036854775807",
    ])
    func textAndValueAreTheSame(text: String) throws {
        let value = try JSON(parsing: Array(text.utf8))
        #expect(try JSON(parsing: Array(value.text.utf8)) == value)
        #expect(try JSONDecoder().decode(JSON.self, from: Data(text.utf8)) == value)
    }

    @Test(arguments: ["", "{", "{\"a\"}", "[1,]", "01", "1.", "\"\\x\"", "tru", "{} x", "\"\u{1}\"", "[\"a\" 1]"])
    func whatIsNotJSONIsRefused(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: Array(text.utf8)) }
    }

    @Test func nestingHasABound() {
        let deep = Array((String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)).utf8)
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: deep) }
    }
}
