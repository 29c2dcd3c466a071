// swift-tools-version: 6.2
// Read from top to bottom: this is the order of the layers. A target imports only from layers above its own
// place in this file, and two targets of one layer never see each other (`Tests/check` enforces it).
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "orrery",
    products: [
        .executable(name: "orrery", targets: ["orrery"]),
        .executable(name: "orrery-proxy", targets: ["orrery-proxy"]),
        .executable(name: "orrery-agent", targets: ["orrery-agent"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Layer 0: C shims and system libraries.
        .target(name: "CLinux"),
        .target(name: "CScan"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CJWT", pkgConfig: "libjwt", providers: [.apt(["libjwt-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        // Layer 1: nouns. Values only, no I/O.
        .layer("OrreryModel"),

        // Layer 2: one target per outside thing.
        .layer("OrreryDocument", ["OrreryModel", yams]),
        .layer("OrreryWire", ["OrreryModel", "CLinux", "CScan", "COpenSSL"]),
        .layer("OrreryCrypto", ["OrreryModel", "COpenSSL"]),
        .layer("OrreryFetch", ["CCurl", "CLinux"]),
        .layer("OrreryStore", ["OrreryModel", grdb]),
        .layer("OrreryServing", [hummingbird, lifecycle, logging]),

        // Layer 3: who, what, and how to ask a cluster.
        .layer("OrreryIdentity", ["OrreryModel", "OrreryCrypto", "OrreryFetch", "CJWT", logging]),
        .layer("OrreryPolicy", ["OrreryModel", "OrreryDocument"]),
        .layer("OrreryKubernetes", ["OrreryModel", "OrreryDocument", "OrreryFetch", logging]),
        .layer("OrreryRegistry", ["OrreryModel", "OrreryCrypto", "OrreryFetch"]),
        .layer("OrreryLink", ["OrreryModel", "OrreryCrypto"]),

        // Layer 4: the parts that run.
        .layer("OrreryProxy", ["OrreryModel", "OrreryWire", "OrreryCrypto", "OrreryFetch", "OrreryLink", "CLinux"]),
        .layer("OrrerySpawn", ["OrreryModel", "OrreryStore", "OrreryKubernetes", lifecycle, logging]),
        .layer(
            "OrreryPocket",
            ["OrreryModel", "OrreryDocument", "OrreryServing", "CLinux", hummingbird, lifecycle, logging]),
        .layer(
            "OrreryAgent",
            [
                "OrreryModel", "OrreryDocument", "OrreryWire", "OrreryCrypto", "OrreryFetch", "OrreryServing",
                "OrreryKubernetes", "OrreryLink", hummingbird, lifecycle, logging,
            ]),

        // Layer 5: the control plane.
        .layer(
            "OrreryHub",
            [
                "OrreryModel", "OrreryDocument", "OrreryCrypto", "OrreryFetch", "OrreryStore", "OrreryServing",
                "OrreryIdentity", "OrreryPolicy", "OrreryKubernetes", "OrreryRegistry", "OrreryLink", "OrrerySpawn",
                hummingbird, mustache, lifecycle, logging,
            ],
            resources: [.embedInCode("Pages/Templates"), .embedInCode("Pages/Assets")]),

        // Layer 6: what a person starts.
        .command(
            "orrery",
            [
                "OrreryModel", "OrreryDocument", "OrreryFetch", "OrreryProxy", "OrreryPocket", "OrreryHub",
                argumentParser, lifecycle,
                logging,
            ]),
        .command("orrery-proxy", ["OrreryModel", "OrreryWire", "OrreryProxy", argumentParser]),
        .command("orrery-agent", ["OrreryModel", "OrreryAgent", argumentParser, lifecycle, logging]),

        // Tests, one target per layer above, and a slow reading of HTTP to compare the parser with.
        .target(
            name: "HTTPReference", dependencies: ["OrreryWire"], path: "Tests/HTTPReference", swiftSettings: settings),
        // A Kubernetes API server that misbehaves on demand: a proxy in front of a real one, and the same as a program.
        .target(
            name: "FaultDouble", dependencies: ["OrreryModel", "OrreryFetch", hummingbird],
            path: "Tests/Double/FaultDouble", swiftSettings: settings),
        .executableTarget(
            name: "fault-double", dependencies: ["FaultDouble", "OrreryFetch", argumentParser],
            path: "Tests/Double/fault-double", swiftSettings: settings),
        .tests(of: "FaultDouble", ["OrreryModel", "OrreryFetch"]),
        .tests(of: "OrreryModel"),
        .tests(of: "OrreryDocument", ["OrreryModel", yams]),
        .tests(of: "OrreryWire", ["OrreryModel", "CLinux", "COpenSSL", "HTTPReference"]),
        .tests(of: "OrreryCrypto", ["OrreryModel", "COpenSSL", "CJWT"]),
        .tests(of: "OrreryFetch"),
        .tests(of: "OrreryStore", ["OrreryModel", grdb]),
        .tests(of: "OrreryServing", ["OrreryFetch", hummingbird, lifecycle, logging]),
        .tests(of: "OrreryIdentity", ["OrreryModel", "OrreryCrypto", "OrreryFetch", logging]),
        .tests(of: "OrreryPolicy", ["OrreryModel", "OrreryDocument"]),
        .tests(
            of: "OrreryKubernetes",
            ["OrreryModel", "OrreryDocument", "OrreryFetch", "OrreryPocket", "FaultDouble", logging]),
        .tests(of: "OrreryRegistry", ["OrreryModel", "OrreryFetch", hummingbird, logging]),
        .tests(of: "OrreryLink", ["OrreryModel", "OrreryCrypto"]),
        .tests(
            of: "OrreryProxy",
            [
                "OrreryModel", "OrreryWire", "OrreryCrypto", "OrreryFetch", "OrreryLink", "COpenSSL", "HTTPReference",
            ]),
        .tests(of: "orrery-proxy", ["OrreryModel", "OrreryWire", "OrreryProxy", argumentParser]),
        .tests(of: "orrery", ["OrreryModel"]),
        .tests(
            of: "OrrerySpawn",
            [
                "OrreryModel", "OrreryFetch", "OrreryStore", "OrreryKubernetes", "OrreryPocket", "FaultDouble", logging,
            ]),
        .tests(
            of: "OrreryAgent",
            [
                "OrreryModel", "OrreryDocument", "OrreryWire", "OrreryCrypto", "OrreryFetch", "OrreryKubernetes",
                "OrreryLink", "OrreryPocket", "COpenSSL", hummingbird, lifecycle, logging,
            ]),
        .tests(of: "OrreryPocket", ["OrreryModel", "OrreryDocument", hummingbird, logging]),
        .tests(
            of: "OrreryHub",
            [
                "OrreryModel", "OrreryDocument", "OrreryCrypto", "OrreryFetch", "OrreryStore", "OrreryIdentity",
                "OrreryPolicy", "OrreryKubernetes", "OrreryLink", "OrrerySpawn", hummingbird, logging,
            ]),
    ])

extension Target {
    static func layer(_ name: String, _ dependencies: [Dependency] = [], resources: [Resource] = []) -> Target {
        .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
    }

    static func command(_ name: String, _ dependencies: [Dependency]) -> Target {
        .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
    }

    static func tests(of name: String, _ dependencies: [Dependency] = []) -> Target {
        .testTarget(
            name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies, path: "Tests/\(name)Tests",
            swiftSettings: settings)
    }
}
