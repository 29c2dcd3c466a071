import OrreryModel

extension AgentManifest {
    /// Why no cluster would take it, as one sentence; nil where nothing is wrong.
    package var flaw: String? {
        for name in [namespace, sessions] where !name.isDNSLabel {
            return "Kubernetes takes no namespace called `\(name)`: small letters, digits and hyphens are, 63 at most"
        }
        guard namespace != sessions else {
            return "the agent and the sessions want two namespaces: what runs in one can mount the Secrets of it"
        }
        let isName = image.utf8.allSatisfy { 0x21..<0x7F ~= $0 } && image.wholeMatch(of: Self.imageShape) != nil
        return isName ? nil : "`\(image)` is no name of an image, such as registry.example/orrery-agent@sha256:…"
    }

    /// What is allowed and hardly meant; nil for nothing.
    package var doubt: String? {
        // As container engines tell a registry from a part of a name.
        let first = image.split(separator: "/").first.map(String.init) ?? ""
        guard !image.contains("/") || !(first.contains(".") || first.contains(":") || first == "localhost") else {
            return nil
        }
        return "the image `\(image)` names no registry, so nodes look for it at Docker's; say where it is: "
            + "--image REGISTRY/orrery-agent@sha256:…"
    }

    private static var imageShape: Regex<Substring> {
        /[a-zA-Z0-9][a-zA-Z0-9._:\/-]*(?:@sha256:[0-9a-f]{64})?/
    }
}
