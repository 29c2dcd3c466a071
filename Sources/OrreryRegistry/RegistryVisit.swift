import Foundation
import OrreryFetch
import OrreryModel

/// The requests about one repository, with the right to pull that was given on the way.
struct RegistryVisit {
    let fetcher: Fetcher
    let host: String
    let repository: String
    let login: Secret?
    let trust: FetchRequest.Trust
    /// The `Authorization` that the registry wanted last.
    private var authorization: Secret?

    init(fetcher: Fetcher, host: String, repository: String, login: Secret?, trust: FetchRequest.Trust) {
        self.fetcher = fetcher
        self.host = host
        self.repository = repository
        self.login = login
        self.trust = trust
    }

    /// The answer to a request below the repository, when it is a good one.
    mutating func ask(
        _ method: String, _ path: String, accepting types: [String]
    ) async throws(RegistryError) -> FetchResponse {
        let request = request(method, path, types)
        var answer = try await fetch(request(authorization))
        if answer.status == 401 {
            guard let field = answer.headers["WWW-Authenticate"], let challenge = Challenge(field) else { throw locked }
            authorization = try await authorize(challenge)
            answer = try await fetch(request(authorization))
        }
        guard answer.status == 200 else { throw refusal(answer, path) }
        return answer
    }

    /// The name of Docker's own registry in references to images, and the host that answers for it.
    static let docker = (name: "docker.io", host: "registry-1.docker.io")

    /// Where the registry of this name is asked.
    static func address(of host: String) -> String {
        "\(scheme(of: host))://\(host == docker.name ? docker.host : host)"
    }

    /// What the registry calls the repository: Docker's own has those without an owner under `library`.
    var name: String {
        host == Self.docker.name && !repository.contains("/") ? "library/\(repository)" : repository
    }

    private func request(_ method: String, _ path: String, _ types: [String]) -> (Secret?) -> FetchRequest {
        let accepted = types.map { (name: "Accept", value: $0) }
        let url = "\(Self.address(of: host))/v2/\(name)/\(path)"
        return { authorization in
            var headers = accepted
            if let authorization { headers.append((name: "Authorization", value: authorization.reveal())) }
            // A blob may lie in an object storage, to which the registry leads.
            return FetchRequest(
                method, url: url, headers: headers, bodyLimit: 4 << 20, trust: trust,
                followsRedirects: path.hasPrefix("blobs/"))
        }
    }

    /// Without TLS only on this very machine, as everybody's tools have it.
    private static func scheme(of host: String) -> String {
        let name = host.split(separator: ":", maxSplits: 1).first.map(String.init) ?? host
        return ["localhost", "127.0.0.1"].contains(name) ? "http" : "https"
    }

    private func fetch(_ request: FetchRequest) async throws(RegistryError) -> FetchResponse {
        do throws(FetchError) {
            return try await fetcher.fetch(request)
        } catch {
            throw RegistryError(
                .unreachable, "the registry \(host) did not answer: \(error.message)", next: "try again later")
        }
    }

    private func authorize(_ challenge: Challenge) async throws(RegistryError) -> Secret {
        switch challenge.scheme {
        case "basic":
            guard let login else { throw locked }
            return login
        case "bearer": return try await token(challenge)
        default: throw RegistryError(.locked, "the registry \(host) wants a login of the kind \(challenge.scheme)")
        }
    }

    /// A token for pulling from whoever the registry names, with the login where there is one.
    private func token(_ challenge: Challenge) async throws(RegistryError) -> Secret {
        guard let realm = challenge.parameters["realm"], var url = URLComponents(string: realm),
            let scheme = url.scheme, scheme == "https" || Self.scheme(of: url.host ?? "") == "http"
        else { throw RegistryError(.broken, "the registry \(host) does not say where it gives tokens") }
        var query = url.queryItems ?? []
        if let service = challenge.parameters["service"] { query.append(URLQueryItem(name: "service", value: service)) }
        query.append(URLQueryItem(name: "scope", value: "repository:\(name):pull"))
        url.queryItems = query
        guard let address = url.string else { throw RegistryError(.broken, "the registry \(host) names no address") }
        let headers = login.map { [(name: "Authorization", value: $0.reveal())] } ?? []
        let answer = try await fetch(FetchRequest(url: address, headers: headers, bodyLimit: 1 << 20, trust: trust))
        switch answer.status {
        case 200: break
        case 400, 401, 403: throw locked
        default: throw refusal(answer, of: "a token for \(repository)")
        }
        let said = try? JSONDecoder().decode(JSON.self, from: Data(answer.body))
        guard let token = said?["token"]?.string ?? said?["access_token"]?.string else {
            throw RegistryError(.broken, "what gives the tokens of \(host) has sent none for \(repository)")
        }
        return Secret("Bearer \(token)")
    }

    private var locked: RegistryError {
        login == nil
            ? RegistryError(
                .locked, "the registry \(host) wants a login for \(repository)",
                next: "name a file with one, as `docker login` writes it, with --logins")
            : RegistryError(
                .locked, "the registry \(host) does not let this login read \(repository)", next: "log in there again")
    }

    private func refusal(_ answer: FetchResponse, _ path: String) -> RegistryError {
        let name = path.hasPrefix("manifests/") ? "\(repository):\(path.dropFirst("manifests/".count))" : repository
        switch answer.status {
        case 401, 403: return locked
        case 404:
            return RegistryError(
                .missing, "the registry \(host) has no \(name)", next: "write a tag that is there, or push the image")
        default: return refusal(answer, of: name)
        }
    }

    /// What may pass by itself.
    private func refusal(_ answer: FetchResponse, of what: String) -> RegistryError {
        answer.status == 429
            ? RegistryError(.unreachable, "the registry \(host) is asked too often", next: "try again later")
            : RegistryError(
                .unreachable, "the registry \(host) answered \(answer.status) about \(what)", next: "try again later")
    }
}
