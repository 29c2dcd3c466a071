// What `Tests/fuzz` puts behind Package.swift: the proxy, the reader of tokens, the gate's matching and the fuzzer, nothing else.
package.targets.removeAll { target in
    ![
        "CLinux", "CScan", "COpenSSL", "CCurl", "OrreryModel", "OrreryWire", "OrreryCrypto", "OrreryFetch",
        "OrreryLink", "OrreryProxy", "HTTPReference",
    ].contains(target.name)
}
package.products.removeAll()
package.dependencies.removeAll()
package.targets.append(
    .executableTarget(
        name: "fuzz", dependencies: ["OrreryModel", "OrreryWire", "OrreryCrypto", "OrreryProxy", "HTTPReference"],
        path: "Fuzz", swiftSettings: settings))
