import Testing

@testable import OrreryHub

@Suite struct AssetTests {
    @Test func assetIsFoundAtItsOwnPath() throws {
        for asset in Asset.all {
            #expect(asset.path == "/hub/static/\(asset.hash)/\(asset.name)")
            let found = try #require(Asset.find(hash: asset.hash, name: asset.name))
            #expect(found.isCurrent && found.asset.bytes == asset.bytes)
        }
    }

    @Test func oldHashGivesTheFileAsItIsNowAndSaysSo() throws {
        let found = try #require(Asset.find(hash: "0000000000000000", name: "style.css"))
        #expect(!found.isCurrent && found.asset.hash == Asset.style.hash)
        #expect(Asset.find(hash: Asset.style.hash, name: "../style.css") == nil)
    }

    @Test func differentFilesHaveDifferentHashes() {
        let hashes = Asset.all.map(\.hash)
        #expect(Set(hashes).count == hashes.count)
        #expect(hashes.allSatisfy { $0.count == 16 && $0.allSatisfy(\.isHexDigit) })
    }

    @Test func styleNeedsNothingFromElsewhere() {
        let style = String(decoding: Asset.style.bytes, as: UTF8.self)
        #expect(!style.contains("url(") && !style.contains("@import"))
        #expect(style.contains("prefers-color-scheme: dark") && style.contains("prefers-reduced-motion"))
    }
}
