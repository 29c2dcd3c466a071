internal import ArgumentParser
internal import Glibc
internal import OrreryProxy

/// The process itself.
struct ProcessArguments: ParsableArguments {
    @Option(help: "Threads that relay; by default one for each processor.") var workers: Int?
    @Flag(help: "Let a successor listen on the same ports before this one ends.") var reusePort = false
    @Option(help: "File to write the process id to; removed at the end.") var pidFile: String?
    @Option(help: "debug, info, warn or error.") var logLevel = ProxyLog.Level.info
    @Option(help: .hidden) var storageBackend: String?
    @Flag(name: [.customShort("V")], help: .hidden) var showsVersion = false

    func validate() throws {
        if showsVersion { throw CleanExit.message(OrreryProxyCommand.configuration.version) }
        if let workers, !(1...1024).contains(workers) { throw ValidationError("--workers takes 1 to 1024") }
        if storageBackend != nil {
            throw ValidationError("--storage-backend names a module of Node.js, which cannot be loaded here")
        }
    }

    func apply(to configuration: inout ProxyConfiguration) {
        configuration.workers = workers ?? max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        configuration.sharesPorts = reusePort
        configuration.logLevel = logLevel
        configuration.logOutput = .standardOutput
    }
}

extension ProxyLog.Level: ExpressibleByArgument {
    /// In any case of letters, as configurable-http-proxy takes it.
    public init?(argument: String) { self.init(rawValue: argument.lowercased()) }
}
