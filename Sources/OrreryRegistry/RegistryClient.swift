import OrreryCrypto
package import OrreryFetch
import OrreryModel

/// Asks registries what a tag stands for, by the HTTP interface that all of them have (OCI distribution 1.1, "Pull"). Only
/// reads: manifests, and of an image for one platform its configuration. Nothing is downloaded to be run.
package struct RegistryClient: Sendable {
    private let fetcher: Fetcher
    private let logins: RegistryLogins
    private let trust: FetchRequest.Trust

    package init(fetcher: Fetcher, logins: RegistryLogins = RegistryLogins(), trust: FetchRequest.Trust = .system) {
        self.fetcher = fetcher
        self.logins = logins
        self.trust = trust
    }

    /// What `tag` of `repository` at `host` is now. Costs one request when that is `known`, else one more, and another for
    /// an image without an index; each twice where the registry wants a login.
    package func resolve(
        host: String, repository: String, tag: String, known: String? = nil
    ) async throws(RegistryError) -> ImageContent {
        var visit = RegistryVisit(
            fetcher: fetcher, host: host, repository: repository, login: logins.authorization(for: host), trust: trust)
        let head = try await visit.ask("HEAD", "manifests/\(tag)", accepting: Manifest.types)
        if let known, head.headers["Docker-Content-Digest"]?.isExactly(known) ?? false {
            return ImageContent(digest: known, platforms: nil)
        }
        let answer = try await visit.ask("GET", "manifests/\(tag)", accepting: Manifest.types)
        let digest = "sha256:" + Digest.sha256.of(answer.body).hexadecimal
        // A registry may name another algorithm; then ours is what clusters are told.
        if let said = answer.headers["Docker-Content-Digest"], said.hasPrefix("sha256:"), !said.isExactly(digest) {
            throw RegistryError(.broken, "\(host) sent something else for \(repository):\(tag) than it says (\(said))")
        }
        let manifest = try Manifest(answer.body, of: "\(repository):\(tag)", at: host)
        switch manifest.content {
        case .index(let platforms):
            return ImageContent(digest: digest, platforms: platforms)
        case .image(let configuration):
            let blob = try await visit.ask("GET", "blobs/\(configuration)", accepting: [])
            guard "sha256:\(Digest.sha256.of(blob.body).hexadecimal)" == configuration else {
                throw RegistryError(.broken, "\(host) sent another configuration of \(repository):\(tag) than it says")
            }
            return ImageContent(digest: digest, platforms: Manifest.platform(ofConfiguration: blob.body).map { [$0] })
        }
    }
}

/// What a tag stands for at one moment.
package struct ImageContent: Hashable, Sendable {
    /// `sha256:` and the digits: of the index where there is one, so that it holds for every platform.
    package let digest: String
    /// `linux/amd64` and so on, sorted; nil where the registry was not asked or did not say.
    package let platforms: [String]?
}
