// What `Tests/Benchmarks/tokens.py` puts behind Package.swift: the verifier, libjwt and the program that measures them.
package.targets.removeAll { !["COpenSSL", "CJWT", "OrreryModel", "OrreryCrypto"].contains($0.name) }
package.products.removeAll()
package.dependencies.removeAll()
package.targets.append(
    .executableTarget(
        name: "token-costs", dependencies: ["CJWT", "OrreryModel", "OrreryCrypto"], path: "Costs",
        swiftSettings: settings))
