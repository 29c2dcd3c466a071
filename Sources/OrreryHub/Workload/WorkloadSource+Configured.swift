import Foundation

extension WorkloadSource {
    /// What `configuration` says that sessions carry of the hub's own.
    static func sources(
        of configuration: HubConfiguration, keys: WorkloadKeys, now: @escaping @Sendable () -> Date
    ) -> [WorkloadSource] {
        let notebook = configuration.notebook
        func source(_ name: String, _ audiences: [String]) -> WorkloadSource {
            WorkloadSource(
                name: name, issuer: WorkloadRoutes.issuer(of: configuration.url), audiences: audiences,
                life: notebook.life, keys: keys, now: now)
        }
        let bearer = notebook.audiences.isEmpty ? [] : [source(bearer, notebook.audiences)]
        return bearer + (notebook.s3.map { [source(storage, [$0.audience])] } ?? [])
    }
}
