import Foundation
import Logging
import OrreryModel
import OrrerySpawn
import OrreryStore

/// The tokens of a session's directory: what its pod is told about them, and the first ones.
struct NotebookTokens: Sendable {
    /// In the order in which they are asked for the token that programs find by themselves.
    let sources: [any NotebookSource]
    let storage: HubConfiguration.ObjectStorage?
    let persons: any PersonStore
    let files: any TokenFileStore
    let now: @Sendable () -> Date
    let logger: Logger
    /// How long a start waits for an issuer: the first token comes later then.
    var patience = Duration.seconds(8)

    /// Whether `session` has such a directory.
    func isWanted(for session: SessionRecord) -> Bool { !sources(for: session).isEmpty }

    /// The token for object storage only where something gives a role: a fileset of the session, or the configuration.
    private func sources(for session: SessionRecord) -> [any NotebookSource] {
        sources.filter { $0.name != WorkloadSource.storage || role(of: session) != nil }
    }

    private func role(of session: SessionRecord) -> String? { session.plan.bucket?.role ?? storage?.role }

    /// What tells programs where to look. `BEARER_TOKEN` is not among it: what stands in an environment is never renewed.
    func variables(for session: SessionRecord) -> [String: String] {
        var variables: [String: String] = [:]
        if sources(for: session).contains(where: \.isBearer) {
            variables["BEARER_TOKEN_FILE"] = "\(PodTokens.directory)/\(Self.defaultFile(of: session))"
        }
        guard let storage, let role = role(of: session) else { return variables }
        let bucket = session.plan.bucket
        let region = bucket?.region ?? storage.region
        variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "\(PodTokens.directory)/\(WorkloadSource.storageFile)"
        variables["AWS_ROLE_ARN"] = role
        variables["AWS_ROLE_SESSION_NAME"] = session.personName
        variables["AWS_REGION"] = region
        variables["AWS_DEFAULT_REGION"] = region
        variables["AWS_ENDPOINT_URL_S3"] = bucket?.endpoint ?? storage.endpoint
        variables["AWS_ENDPOINT_URL_STS"] = bucket?.service ?? storage.service
        return variables
    }

    /// The first tokens of a session that is being made, and a record of each file for its renewal. An issuer that is away keeps
    /// nobody waiting: its file comes when it answers.
    func first(for session: SessionRecord) async -> [String: Secret] {
        do {
            guard let person = try await persons.person(id: session.person), !person.isSuspended else { return [:] }
            let sources = try await serving(person, in: session)
            let bearer = sources.first(where: \.isBearer)?.name
            return await withTaskGroup(of: [String: Secret].self) { group in
                for source in sources {
                    group.addTask { await self.first(source, session, person, isDefault: source.name == bearer) }
                }
                return await group.reduce(into: [:]) { $0.merge($1) { _, new in new } }
            }
        } catch {
            logger.error(
                "a session starts without tokens", metadata: ["session": "\(session.id)", "error": "\(error)"])
            return [:]
        }
    }

    private func serving(_ person: PersonRecord, in session: SessionRecord) async throws -> [any NotebookSource] {
        var serving: [any NotebookSource] = []
        for source in sources(for: session) where try await source.serves(person) { serving.append(source) }
        return serving
    }

    private func first(
        _ source: any NotebookSource, _ session: SessionRecord, _ person: PersonRecord, isDefault: Bool
    ) async -> [String: Secret] {
        // Due at once, unless it comes now.
        var file = TokenFileRecord(
            session: session.id, person: person.id, source: source.name, isDefault: isDefault, dueAt: now())
        var token: NotebookToken?
        do {
            token = try await within(patience) {
                try await source.token(for: session, of: person, endingAfter: nil)
            }
        } catch {
            file.failures = 1
            logger.warning(
                "a session starts without a token; it is got later",
                metadata: ["session": "\(session.id)", "source": "\(source.name)", "reason": "\(TokenTrouble(error))"])
        }
        if let token {
            file.endsAt = token.end
            file.dueAt = token.renewal(at: now(), draw: .random(in: 0...1))
        }
        // Without the record nobody would renew it: then rather none.
        guard (try? await files.put(file)) != nil, let token else { return [:] }
        return Self.content(token.token, of: file, from: source, in: session)
    }

    /// The files that one token fills.
    static func content(
        _ token: Secret, of file: TokenFileRecord, from source: any NotebookSource, in session: SessionRecord
    ) -> [String: Secret] {
        var content = [source.file(uid: session.plan.identity.uid): token]
        if file.isDefault { content[defaultFile(of: session)] = token }
        return content
    }

    /// As WLCG's rules for finding a bearer token have it.
    private static func defaultFile(of session: SessionRecord) -> String { "bt_u\(session.plan.identity.uid)" }
}

/// Why there is no token, in words for the log that hold nothing secret.
struct TokenTrouble: CustomStringConvertible {
    let description: String

    init(_ error: any Error) { description = "\(error)" }
}
