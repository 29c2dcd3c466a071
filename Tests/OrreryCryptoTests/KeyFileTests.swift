import Foundation
import Testing

@testable import OrreryCrypto

/// The file with the keys of stored secrets.
@Suite struct KeyFileTests {
    private static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

    @Test func theFirstKeyIsMadeForItsOwnerAlone() throws {
        try KeyFileOnDisk.run { file in
            #expect(try KeyRing(fileMadeIfMissing: file.path).ids == [1])
            #expect(try file.mode == 0o600)
            let text = try file.text
            #expect(try KeyRing(fileMadeIfMissing: file.path).ids == [1])
            #expect(try file.text == text)
            #expect(try file.siblings == ["keys"])
        }
    }

    @Test func aMissingFileIsRefusedWhereNoneIsMade() throws {
        try KeyFileOnDisk.run { file in
            #expect(throws: CryptoError(.keyFile, "the key file \(file.path) is missing")) {
                try KeyRing(file: file.path)
            }
        }
    }

    @Test(arguments: [0o604, 0o640, 0o602, 0o644, 0o666])
    func aFileForOthersIsRefused(_ mode: Int) throws {
        try KeyFileOnDisk.run { file in
            _ = try KeyRing(fileMadeIfMissing: file.path)
            try file.setMode(mode)
            #expect(try file.complaint().contains("others"))
        }
    }

    @Test(arguments: [
        ("1 \(key)\n1 \(key)\n", "second key 1 in line 2"), ("# nothing\n", "no key"), ("", "no key"),
        ("# a remark\n1 \(key)\n\n2 \(key.dropLast())\n", "line 4"), ("1 \(key)A\n", "line 1"),
        ("one \(key)\n", "line 1"), ("0 \(key)\n", "line 1"), ("-1 \(key)\n", "line 1"), ("1  \(key)\n", "line 1"),
        ("1 \(key) \n", "line 1"), ("1 \(key)\r\n", "line 1"), ("4294967296 \(key)\n", "line 1"), ("1\n", "line 1"),
        (String(repeating: "#", count: 17 << 10), "longer"),
    ])
    func aDamagedLineIsNamedAndItsTextIsNot(_ text: String, _ words: String) throws {
        try KeyFileOnDisk.run { file in
            try file.write(text)
            let complaint = try file.complaint()
            #expect(complaint.contains(words) && complaint.contains(file.path))
            #expect(!complaint.contains(Self.key.prefix(8)))
        }
    }

    @Test func theHighestNumberIsTheNewestWhereverItStands() throws {
        try KeyFileOnDisk.run { file in
            try file.write("12 \(Self.key)\n3 \(Self.key)\n\n# old\n7 \(Self.key)")
            #expect(try KeyRing(file: file.path).ids == [12, 7, 3])
        }
    }

    @Test func numbersOfRetiredKeysDoNotComeBack() throws {
        try KeyFileOnDisk.run { file in
            let ring = try KeyRing(fileMadeIfMissing: file.path)
            _ = try ring.rotate()
            try ring.retire(1)
            #expect(try ring.rotate() == 3)
        }
    }

    @Test(arguments: [(UInt32(1), "newest"), (9, "no key 9")])
    func theNewestAndUnknownOnesAreNotRetired(_ id: UInt32, _ words: String) throws {
        try KeyFileOnDisk.run { file in
            let ring = try KeyRing(fileMadeIfMissing: file.path)
            let before = try file.text
            let refusal = #expect(throws: CryptoError.self) { try ring.retire(id) }
            #expect(try #require(refusal).message.contains(words))
            #expect(try file.text == before)
            #expect(try file.siblings == ["keys"])
        }
    }

    @Test func aChangeUnderWayKeepsOthersOut() throws {
        try KeyFileOnDisk.run { file in
            let ring = try KeyRing(fileMadeIfMissing: file.path)
            _ = FileManager.default.createFile(atPath: file.path + ".new", contents: nil)
            #expect(throws: CryptoError.self) { try ring.rotate() }
            #expect(ring.ids == [1])
            #expect(FileManager.default.fileExists(atPath: file.path + ".new"))
        }
    }

    @Test func ofManyWhoMakeItAtOnceOneDoes() async throws {
        try await KeyFileOnDisk.run { file in
            let rings = try await withThrowingTaskGroup(of: KeyRing.self) { group in
                for _ in 0..<16 { group.addTask { try KeyRing(fileMadeIfMissing: file.path) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let sealed = try rings[0].seal([1, 2, 3], for: [])
            for ring in rings { #expect(try ring.open(sealed, for: []) == [1, 2, 3]) }
        }
    }
}

/// A place for a key file, in a directory of its own.
struct KeyFileOnDisk: Sendable {
    let path: String

    static func run(_ body: (KeyFileOnDisk) async throws -> Void) async throws {
        let directory = try make()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await body(KeyFileOnDisk(path: directory + "/keys"))
    }

    static func run(_ body: (KeyFileOnDisk) throws -> Void) throws {
        let directory = try make()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(KeyFileOnDisk(path: directory + "/keys"))
    }

    private static func make() throws -> String {
        let directory = FileManager.default.temporaryDirectory.path + "/orrery-keys-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return directory
    }

    var text: String { get throws { try String(contentsOfFile: path, encoding: .utf8) } }
    var siblings: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(
                atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path)
        }
    }
    var mode: Int {
        get throws { try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? -1 }
    }

    func write(_ text: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try setMode(0o600)
    }

    func setMode(_ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// Why the file is not read.
    func complaint() throws -> String {
        let refusal = #expect(throws: CryptoError.self) { try KeyRing(file: path) }
        return try #require(refusal).message
    }
}
