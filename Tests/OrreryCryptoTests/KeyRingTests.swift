import COpenSSL
import Foundation
import Testing

@testable import OrreryCrypto

/// Stored secrets: what is sealed opens for what it belongs to, and for nothing else.
@Suite struct KeyRingTests {
    private static let secret = Array("a refresh token".utf8)
    private static let binding = ["refresh", "https://issuer.example/", "ada"]

    @Test("F15: sealed secrets open where they belong") func sealedSecretsOpenWhereTheyBelong() throws {
        try KeyFileOnDisk.run { file in
            let ring = try KeyRing(fileMadeIfMissing: file.path)
            for plain in [Self.secret, [], Array(repeating: 7, count: 70_000)] {
                #expect(try ring.open(ring.seal(plain, for: Self.binding), for: Self.binding) == plain)
            }
        }
    }

    @Test(
        "F15: a secret in another row does not open",
        arguments: [
            ["refresh", "https://issuer.example/", "eve"], ["access", "https://issuer.example/", "ada"],
            ["refresh", "https://issuer.example", "/ada"], ["refreshhttps://issuer.example/", "ada"],
            ["refresh", "https://issuer.example/", "ada", ""], ["refresh", "https://issuer.example/"], [],
        ])
    func aSecretInAnotherRowDoesNotOpen(_ other: [String]) throws {
        try KeyFileOnDisk.run { file in
            let ring = try KeyRing(fileMadeIfMissing: file.path)
            let sealed = try ring.seal(Self.secret, for: Self.binding)
            #expect(throws: CryptoError.self) { try ring.open(sealed, for: other) }
            // TLS on the same thread reads this queue after its own calls.
            #expect(ERR_peek_error() == 0)
        }
    }

    @Test("F15: with a changed bit nothing opens") func noChangedBitOpens() throws {
        try KeyFileOnDisk.run { file in
            let ring = try KeyRing(fileMadeIfMissing: file.path)
            let sealed = try ring.seal(Self.secret, for: Self.binding)
            for index in sealed.indices {
                var changed = sealed
                changed[index] ^= 1
                #expect(throws: CryptoError.self) { try ring.open(changed, for: Self.binding) }
                #expect(throws: CryptoError.self) { try ring.open(Array(sealed[..<index]), for: Self.binding) }
            }
        }
    }

    @Test("F15: equal secrets are sealed differently") func equalSecretsAreSealedDifferently() throws {
        try KeyFileOnDisk.run { file in
            let ring = try KeyRing(fileMadeIfMissing: file.path)
            let nonces = try (0..<200).map { _ in try ring.seal(Self.secret, for: Self.binding)[4..<16] }
            #expect(Set(nonces).count == 200)
        }
    }

    @Test("F15: what an independent program sealed opens") func whatAnIndependentProgramSealedOpens() throws {
        try KeyFileOnDisk.run { file in
            try file.write("7 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n")
            // By `cryptography` from PyPI; the binding as it is described at `KeyRing`.
            let sealed = try #require(
                Base64URL.decode("AAAAB2RlZmdoaWprbG1ubyk7rAMfmzPtVkIrh7EABDdvq1G-lQZwxISYXl5cJYQ".utf8))
            #expect(try KeyRing(file: file.path).open(sealed, for: Self.binding) == Self.secret)
        }
    }

    @Test func aNewKeySealsAndTheOldOneStillOpens() throws {
        try KeyFileOnDisk.run { file in
            let ring = try KeyRing(fileMadeIfMissing: file.path)
            let old = try ring.seal(Self.secret, for: Self.binding)
            #expect(try ring.rotate() == 2)
            let new = try ring.seal(Self.secret, for: Self.binding)
            #expect([KeyRing.id(of: old), KeyRing.id(of: new)] == [1, 2])
            #expect(try ring.open(old, for: Self.binding) == Self.secret)
            try ring.retire(1)
            #expect(ring.ids == [2])
            #expect(throws: CryptoError.self) { try ring.open(old, for: Self.binding) }
            #expect(try ring.open(new, for: Self.binding) == Self.secret)
        }
    }

    @Test func aKeyThatAnotherProgramAddedSealsFromThenOn() throws {
        try KeyFileOnDisk.run { file in
            let running = try KeyRing(fileMadeIfMissing: file.path)
            let command = try KeyRing(file: file.path)
            _ = try command.rotate()
            #expect(try running.open(command.seal(Self.secret, for: Self.binding), for: Self.binding) == Self.secret)
            _ = try command.rotate()
            #expect(KeyRing.id(of: try running.seal(Self.secret, for: Self.binding)) == 3)
        }
    }

    @Test func aFileThatIsDamagedLaterDoesNotEndTheSealing() throws {
        try KeyFileOnDisk.run { file in
            let ring = try KeyRing(fileMadeIfMissing: file.path)
            try file.write("nonsense\n")
            let sealed = try ring.seal(Self.secret, for: Self.binding)
            #expect(try ring.open(sealed, for: Self.binding) == Self.secret)
            #expect(throws: CryptoError.self) { try ring.reload() }
        }
    }

    @Test func aKeyNeverShowsItself() throws {
        let key = SealingKey.fresh(id: 3)
        #expect(["\(key)", String(reflecting: key)] == ["key 3", "key 3"])
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("bytes"))
    }
}
