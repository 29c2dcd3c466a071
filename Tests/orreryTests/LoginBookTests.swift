import Foundation
import Testing

@testable import orrery

/// The file of a person's logins.
struct LoginBookTests {
    private let directory = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)")
        .path

    private var path: String { directory + "/orrery/logins.json" }
    private let ends = Date(timeIntervalSince1970: 1_795_264_313)

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func aLoginIsKeptForItsPersonAlone() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var book = try LoginBook(environment: ["XDG_CONFIG_HOME": directory, "HOME": "/nowhere"])
        #expect(throws: Failure.self) { try book.hub(nil) }
        let (first, second) = (try HubAddress("https://one.test"), try HubAddress("two.test/"))
        let login = LoginBook.Login(token: "orrery_1", ends: ends)
        #expect(try book.keep(login, at: first) == nil)
        #expect(try book.keep(.init(token: "orrery_2", ends: ends), at: second) == nil)
        #expect(try mode(path) == 0o600)
        #expect(try mode(directory + "/orrery") == 0o700)
        var again = try LoginBook(path: path)
        #expect(try again.hub(nil).origin == "https://two.test")
        #expect(try again.login(at: first, now: ends - 1) == login)
        let ended = #expect(throws: Failure.self) { try again.login(at: first, now: ends) }
        #expect(ended?.description.contains("has ended") == true)
        #expect(try again.keep(.init(token: "orrery_3", ends: ends), at: first) == login)
        #expect(try again.forget(first)?.token == "orrery_3")
        #expect(try LoginBook(path: path).hub(nil).origin == "https://two.test")
        #expect(throws: Failure.self) { try LoginBook(path: path).login(at: first, now: ends - 1) }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory + "/orrery").sorted() == [
                "logins.json", "logins.json.lock",
            ])
    }

    @Test func aLoginThatAnotherProgramKeptMeanwhileStays() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (first, second) = (try HubAddress("https://one.test"), try HubAddress("https://two.test"))
        var (slow, fast) = (try LoginBook(path: path), try LoginBook(path: path))
        try slow.prepare()
        #expect(!FileManager.default.fileExists(atPath: path))
        _ = try fast.keep(.init(token: "orrery_fast", ends: ends), at: second)
        _ = try slow.keep(.init(token: "orrery_slow", ends: ends), at: first)
        let book = try LoginBook(path: path)
        #expect(try book.login(at: first, now: ends - 1).token == "orrery_slow")
        #expect(try book.login(at: second, now: ends - 1).token == "orrery_fast")
    }

    @Test func whereNothingCanBeKeptNobodyIsAsked() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        _ = FileManager.default.createFile(atPath: directory, contents: Data())
        var book = try LoginBook(path: path)
        #expect(throws: Failure.self) { try book.prepare() }
    }

    @Test(
        arguments: [("orrery_1", -5), ("orrery_1", 0), ("", 60), ("orrery\u{1B}[2J", 60), ("two words", 60)]
            as [(String, Int64)])
    func aTokenThatCannotBeUsedIsNone(_ token: String, _ seconds: Int64) {
        #expect(LoginBook.Login(token: token, lasting: seconds) == nil)
        #expect(LoginBook.Login(token: "orrery_1", lasting: .max, now: ends)?.ends == ends + 315_360_000)
    }

    @Test func aFileThatOthersCanReadIsNotUsed() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var book = try LoginBook(path: path)
        _ = try book.keep(.init(token: "orrery_1", ends: ends), at: HubAddress("https://one.test"))
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        let error = #expect(throws: Failure.self) { try LoginBook(path: path) }
        #expect(error?.description.contains("chmod 600") == true && error?.description.contains("orrery_1") == false)
    }

    @Test func aFileThatIsDamagedIsSaidToBe() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: directory + "/orrery", withIntermediateDirectories: true)
        _ = FileManager.default.createFile(
            atPath: path, contents: Data("{".utf8), attributes: [.posixPermissions: 0o600])
        #expect(throws: Failure.self) { try LoginBook(path: path) }
    }

    @Test(arguments: [
        ("hub.example.org", "https://hub.example.org"), ("https://Hub.Example.org/", "https://hub.example.org"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"), ("http://localhost:8000", "http://localhost:8000"),
    ])
    func aHubIsNamedByItsOrigin(_ text: String, _ origin: String) throws {
        #expect(try HubAddress(text).origin == origin)
    }

    @Test(arguments: [
        "http://hub.example.org", "http://127.0.0.1.example.org", "http://localhost.example.org", "ftp://hub",
        "https://hub/path", "",
    ])
    func whereATokenWouldBeReadNobodyLogsIn(_ text: String) {
        #expect(throws: Failure.self) { try HubAddress(text) }
    }
}
