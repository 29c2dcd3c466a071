import OrreryDocument

/// `env:` of a profile. Names that the hub, Kubernetes or the server set themselves are refused.
extension Profile {
    private static let reservedPrefixes = ["JUPYTERHUB_", "JPY_", "KUBERNETES_", "ORRERY_", "HUB_", "LD_"]
    private static let reservedNames: Set<String> = [
        "HOME", "USER", "LOGNAME", "PATH", "POD_IP", "JUPYTER_RUNTIME_DIR", "BEARER_TOKEN", "BEARER_TOKEN_FILE",
    ]

    static func variables(_ node: DocumentNode?) throws(DocumentError) -> [String: String] {
        var variables: [String: String] = [:]
        for (name, value) in try node?.entries() ?? [] {
            guard Spelling.variable.fits(name) else {
                throw value.error("`\(name)` cannot be the name of a variable")
            }
            guard !reservedNames.contains(name), !reservedPrefixes.contains(where: name.hasPrefix) else {
                throw value.error("the variable `\(name)` is set by the hub")
            }
            let text = try value.string()
            guard !text.split(separator: "{cpu}").joined().contains(where: { "{}".contains($0) }) else {
                throw value.error("`{cpu}` is the only thing that is filled in here; other braces are refused")
            }
            variables[name] = text
        }
        return variables
    }
}
