internal import ArgumentParser
internal import OrreryProxy

/// What requests and answers look like on the other side.
struct ForwardingArguments: ParsableArguments {
    @Flag(help: "Leave X-Forwarded-* as it came.") var noXForward = false
    @Flag(help: "Do not put the path of a target before the request's.") var noPrependPath = false
    @Flag(help: "Take the prefix of the route off the request's path.") var noIncludePrefix = false
    @Flag(help: "Let redirects to the target lead to the host of the request.") var autoRewrite = false
    @Option(help: "Let redirects to the target lead to this scheme: http or https.") var protocolRewrite: String?
    @Flag(help: "Say the target's host in Host.") var changeOrigin = false
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A field for every request to a target; in place of the client's.", valueName: "name: value")
    )
    var customHeader: [CustomField] = []

    func validate() throws {
        if let protocolRewrite, !["http", "https"].contains(protocolRewrite) {
            throw ValidationError("--protocol-rewrite takes http or https")
        }
        for case .refused(let reason) in customHeader.map(\.outcome) { throw ValidationError(reason) }
    }

    func apply(to configuration: inout ProxyConfiguration) {
        var options = ForwardingOptions()
        options.xForward = !noXForward
        options.prependsPath = !noPrependPath
        options.includesPrefix = !noIncludePrefix
        options.autoRewrite = autoRewrite
        options.protocolRewrite = protocolRewrite
        options.changesOrigin = changeOrigin
        options.customHeaders = customHeader.compactMap {
            if case .field(let field) = $0.outcome { field } else { nil }
        }
        configuration.forwarding = options
    }

    /// What stands behind one `--custom-header`.
    struct CustomField: ExpressibleByArgument {
        let outcome: CustomHeader.Outcome
        init(argument: String) { outcome = CustomHeader.read(argument) }
    }
}
