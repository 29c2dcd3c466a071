import Testing

@testable import OrreryRegistry

struct ManifestTests {
    private static let digest = "sha256:" + String(repeating: "0a", count: 32)

    @Test func anIndexNamesItsPlatformsWithoutWhatIsUnknown() throws {
        let text = """
            {"manifests": [
              {"platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
              {"platform": {"os": "unknown", "architecture": "unknown"}}, {},
              {"platform": {"os": "linux", "architecture": "amd64", "variant": ""}},
              {"platform": {"os": "linux", "architecture": "amd64"}}]}
            """
        #expect(
            try Manifest(Array(text.utf8), of: "lab/x:1", at: "r.example").content
                == .index(["linux/amd64", "linux/arm64/v8"]))
    }

    @Test func anImageLeadsToItsConfiguration() throws {
        let text = #"{"config": {"digest": "\#(Self.digest)"}, "layers": []}"#
        #expect(try Manifest(Array(text.utf8), of: "lab/x:1", at: "r.example").content == .image(Self.digest))
    }

    @Test(arguments: [
        "", "[]", #"{"config": {"digest": "md5:12"}}"#, #"{"config": {"digest": "sha256:../../x"}}"#,
        #"{"schemaVersion": 1, "fsLayers": []}"#,
    ])
    func whatIsNoImageIsSaidToBeNone(_ text: String) {
        #expect(throws: RegistryError.self) {
            try Manifest(Array(text.utf8), of: "lab/x:1", at: "r.example")
        }
    }
}
